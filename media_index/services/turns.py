"""One at a time: whoever changes categories, and whoever changes duplicates.

Whoever holds several locks takes them in this order, so that nobody waits in a circle:

1. Rows of images, `ImageQuerySet.locked()`: in the order of their ids, with one statement for all that the transaction
   will write. Whoever needs others besides later sends a message for them, which comes when these are free.
2. Turns: of categories in the order of the contracts' ids, then of duplicates.
3. All other rows: pairs, decisions, categories, members, contracts.

References are checked when a transaction ends, and lock the rows that they point at then (FOR KEY SHARE). So before a
turn rows are locked in the way that leaves these alone (`no_key=True`): who is in the turn may need them to end it.
"""

from enum import IntEnum

from django.db import connection

from media_index.models import ImageContract


class Turn(IntEnum):
    """What the turn is for."""

    CATEGORIES = 0x0CA7
    DUPLICATES = 0x0D0B


def take_turn(purpose: Turn, number: int = 0) -> None:
    """Wait until nobody else changes the same, of one contract by its `number`, and keep others waiting until this
    transaction ends: what was read holds until it is written. Long computations happen before.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [purpose, number])


def take_turns() -> None:
    """Take every turn that there is."""
    for contract in ImageContract.objects.order_by("pk").values_list("pk", flat=True):
        take_turn(Turn.CATEGORIES, contract)
    take_turn(Turn.DUPLICATES)
