"""Ending tasks for certain."""

import asyncio
from collections.abc import Collection
from typing import Any


async def end(tasks: Collection["asyncio.Task[Any]"], *, grace_seconds: float = 0) -> None:
    """Wait so long for the tasks, then cancel those that are left, until they are done.

    Once is not enough: a network library may turn the cancellation into an error of its own, which is then retried.
    """
    left = {task for task in tasks if not task.done()}
    if left and grace_seconds:
        _, left = await asyncio.wait(left, timeout=grace_seconds)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)
