"""The bar of commands that go through many rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def rows_bar() -> Iterator[Callable[[int, int], None]]:
    """What is told how many rows of how many are done, and shows it on a terminal with the rate."""
    with tqdm(unit=" rows", unit_scale=True, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
