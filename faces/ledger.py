"""What the ledger says of a face: its words in their order, the last one right. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """What one decision said of a face: it `holds` that it is `person`'s, or that it is not.

    Without a person it holds that there is no face at all. A word `of_merge` was said of everybody's faces at once.
    """

    person: int | None
    holds: bool
    of_merge: bool = False


@dataclass(frozen=True)
class Standing:
    """Whose a face is: `pinned` where a moderator said so of this very face, `dismissed` where there is no face."""

    person: int | None
    pinned: bool
    dismissed: bool = False


def standing(words: Sequence[Word], engine_person: int | None, roots: Mapping[int, int]) -> Standing:
    """Whose the face is after all `words` about it, oldest first.

    `roots` maps every person named to whom they mean today. Where no word holds, the engine's opinion counts, unless
    that is a person whom a moderator has ruled out.
    """
    if said := last_word(words, roots):
        return Standing(_root(said, roots), pinned=not said.of_merge, dismissed=said.person is None)
    engine = None if engine_person is None else roots[engine_person]
    return Standing(None if engine in ruled_out(words, roots) else engine, pinned=False)


def last_word(words: Iterable[Word], roots: Mapping[int, int]) -> Word | None:
    """The word that says whose face it is: a later one replaces an earlier one, and "not this person" takes back only
    what was said of the same person. A merge that says it again adds nothing.
    """
    said: Word | None = None
    for word in words:
        if word.holds:
            said = said if said and word.of_merge and said.person == word.person else word
        elif said and said.person is not None and _root(said, roots) == _root(word, roots):
            said = None
    return said


def ruled_out(words: Iterable[Word], roots: Mapping[int, int]) -> set[int | None]:
    """Whose face it is not, by the last word on each of them."""
    last = {_root(word, roots): word.holds for word in words if word.person is not None}
    return {person for person, holds in last.items() if not holds}


def _root(word: Word, roots: Mapping[int, int]) -> int | None:
    return None if word.person is None else roots[word.person]
