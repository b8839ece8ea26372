"""Words of a question as the text engine, which reads English, understands them. Pure."""


def english_of(words: str) -> str:
    """The words in English."""
    return words
