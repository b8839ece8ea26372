"""What is written of an image and what is looked for, made alike: the same parts of names, the same letters."""

import re

# File names hold words together with these, and PostgreSQL would take `IMG_0042.jpg` for a host.
_JOINTS = re.compile(r"[_./\\]+|(?<=[^\W_])-+(?=[^\W_])")
_RUNS = re.compile(r"[^\W\d_]+|\d+")
_LAST_WORD = re.compile(r"(?:^|\s)(\w{3,})$")


def words_apart(text: str) -> str:
    """The text with its words apart, and one letter for the two that Russian writes at will; a `-` before a word, which
    excludes it from a search, stays.
    """
    text = text.replace("\0", " ").replace("ё", "е").replace("Ё", "Е")
    return " ".join(_JOINTS.sub(" ", text).split())


def name_words(name: str) -> str:
    """The words of a file's name or path: its parts, and of `Wedding2024` also the letters and the digits."""
    parts = words_apart(name).split()
    runs = [run for part in parts for run in _RUNS.findall(part) if run != part]
    return " ".join([*parts, *runs])


def begun_word(words: str) -> tuple[str, str]:
    """What comes before the last word of a question, and that word, which may not be written to its end: empty when it
    has fewer than three letters, is excluded or stands in quotes.
    """
    found = _LAST_WORD.search(words)
    if found is None or words.count('"') % 2:
        return words, ""
    return words[: found.start(1)].strip(), found[1]
