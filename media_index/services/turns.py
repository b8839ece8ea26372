"""One at a time: whoever changes categories, and whoever changes duplicates."""

from enum import IntEnum

from django.db import connection


class Turn(IntEnum):
    """What the turn is for. Whoever takes both takes them in this order, so that nobody waits in a circle."""

    CATEGORIES = 0x0CA7
    DUPLICATES = 0x0D0B


def take_turn(purpose: Turn, number: int = 0) -> None:
    """Wait until nobody else changes the same, of one contract by its `number`, and keep others waiting until this
    transaction ends: what was read holds until it is written. Long computations happen before.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [purpose, number])
