"""What hangs together."""

from collections.abc import Iterable


def components(edges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """The smallest number of those that each number is connected to, itself included."""
    parents: dict[int, int] = {}
    for a, b in edges:
        low, high = sorted((_root(parents, a), _root(parents, b)))
        parents[high] = low
    return {number: _root(parents, number) for number in parents}


def _root(parents: dict[int, int], number: int) -> int:
    """Follows and shortens the way up."""
    root = parents.setdefault(number, number)
    while parents[root] != root:
        root = parents[root]
    parents[number] = root
    return root
