"""One at a time: whoever changes who is who."""

from django.db import connection

_PEOPLE_LOCK = 0x0FACE


def take_turn() -> None:
    """Wait until nobody else changes who is who, and keep others waiting until this transaction ends.

    What a step has read of people must hold until it has written: a face must not be given to somebody who has been
    merged away meanwhile. Long computations happen before their turn.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PEOPLE_LOCK])
