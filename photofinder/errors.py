"""What can go wrong in a way that a person must be told about."""

from typing import Any


class Problem(Exception):  # noqa: N818 - the word of RFC 9457 for it
    """An expected failure: a stable `code` for programs and one sentence of `detail` for people.

    `extra` is JSON that helps the caller to go on, for instance the boxes of the faces to choose from.
    """

    def __init__(self, code: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.extra = extra

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.code, self.detail, self.extra)


class RefusedFile(Problem):
    """A file that is not taken in: empty, not an image, truncated, too large."""


class EngineUnavailable(Problem):
    """An engine whose weights or libraries are missing; the sentence names the command that installs them."""

    def __init__(self, detail: str) -> None:
        super().__init__("engine_unavailable", detail)

    def __reduce__(self) -> tuple[Any, ...]:
        return EngineUnavailable, (self.detail,)


def _restore(kind: type[Problem], code: str, detail: str, extra: dict[str, Any]) -> Problem:
    return kind(code, detail, **extra)
