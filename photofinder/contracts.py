"""What made a vector: the same for faces, images and texts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EngineSpec:
    """What made a vector. Two vectors are comparable only when their contracts are equal."""

    engine: str
    model: str
    version: str
    dim: int
    preprocessing: str

    @property
    def contract(self) -> str:
        """The spec as one string, stored on every vector row, at most 160 characters."""
        return f"{self.engine}/{self.model}/{self.version}/{self.dim}/{self.preprocessing}"
