"""The shapes of what an ONNX file takes and gives, read from its graph without its weights or any library."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Field numbers of onnx.proto: ModelProto.graph; GraphProto.input and .output; and from a ValueInfoProto down to its
# dimensions: .type, TypeProto.tensor_type, Tensor.shape, TensorShapeProto.dim, Dimension.dim_value.
_GRAPH, _INPUT, _OUTPUT = 7, 11, 12
_TO_DIMENSIONS, _DIM_VALUE = (2, 1, 2, 1), 1


@dataclass(frozen=True)
class OnnxHeader:
    """Shapes of a network's inputs and outputs; a dimension that is free is 0."""

    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]


def read_header(path: Path) -> OnnxHeader:
    """The header of the ONNX file at `path`. Raises ValueError when it is none."""
    try:
        with path.open("rb") as file:
            whole = range(os.fstat(file.fileno()).st_size)
            values = [(number, part) for graph in _parts(file, whole, _GRAPH) for number, part in _fields(file, graph)]
            inputs = tuple(_shape(file, part) for number, part in values if number == _INPUT)
            outputs = tuple(_shape(file, part) for number, part in values if number == _OUTPUT)
    except _BrokenMessageError:
        inputs = outputs = ()
    if not inputs or not outputs:
        raise ValueError(f"{path} is not an ONNX model.")
    return OnnxHeader(inputs, outputs)


class _BrokenMessageError(Exception):
    """Bytes that are no protobuf message."""


def _shape(file: BinaryIO, value: range) -> tuple[int, ...]:
    parts = [value]
    for number in _TO_DIMENSIONS:
        parts = [inner for part in parts for inner in _parts(file, part, number)]
    return tuple(next((p.stop for n, p in _fields(file, part) if n == _DIM_VALUE), 0) for part in parts)


def _parts(file: BinaryIO, message: range, number: int) -> list[range]:
    return [part for found, part in _fields(file, message) if found == number]


def _fields(file: BinaryIO, message: range) -> Iterator[tuple[int, range]]:
    """Number and bytes of each field of a protobuf message; of a number its value as the range's stop."""
    position = message.start
    while position < message.stop:
        file.seek(position)
        key = _varint(file)
        match key & 7:
            case 0:
                value = _varint(file)
                position = file.tell()
                yield key >> 3, range(value)
            case 2:
                size = _varint(file)
                position = file.tell() + size
                yield key >> 3, range(position - size, position)
            case 1 | 5 as fixed:
                position = file.tell() + (8 if fixed == 1 else 4)
            case _:
                raise _BrokenMessageError


def _varint(file: BinaryIO) -> int:
    value = shift = 0
    while byte := file.read(1):
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
        shift += 7
    raise _BrokenMessageError
