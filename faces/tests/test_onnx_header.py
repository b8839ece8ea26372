"""Reading the shapes of a network without its library."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from faces.engines.onnx_header import read_header
from faces.tests.photographs import pack_root


def network(path: Path, inputs: Iterable[Sequence[int]], outputs: Iterable[Sequence[int]]) -> Path:
    """A file as ONNX writes it, with these shapes, 0 where they are free, and some bytes of weights."""
    values = [_part(11, _value(shape)) for shape in inputs] + [_part(12, _value(shape)) for shape in outputs]
    graph = _part(2, b"net") + _part(5, b"weights" * 1000) + b"".join(values)
    path.write_bytes(_number(1, 9) + _part(2, b"a test") + _part(7, graph) + _part(8, b"opset"))
    return path


def _value(shape: Sequence[int]) -> bytes:
    dimensions = [_number(1, size) if size else _part(2, b"free") for size in shape]
    tensor = _number(1, 1) + _part(2, b"".join(_part(1, dimension) for dimension in dimensions))
    return _part(1, b"name") + _part(2, _part(1, tensor))


def _part(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    return bytes([value & 0x7F | 0x80]) + _varint(value >> 7) if value > 0x7F else bytes([value])


def test_it_reads_shapes_and_leaves_free_dimensions_zero(tmp_path: Path) -> None:
    path = network(tmp_path / "net.onnx", [[0, 3, 112, 112]], [[0, 512]])
    header = read_header(path)
    assert header.inputs == ((0, 3, 112, 112),)
    assert header.outputs == ((0, 512),)


def test_it_reads_all_outputs_of_a_detector(tmp_path: Path) -> None:
    path = network(tmp_path / "net.onnx", [[1, 3, 0, 0]], [[0, 1]] * 3 + [[0, 4]] * 3 + [[0, 10]] * 3)
    assert [shape[-1] for shape in read_header(path).outputs] == [1, 1, 1, 4, 4, 4, 10, 10, 10]


@pytest.mark.parametrize("content", [b"", b"this is no network", b"\x3a\xff\xff\xff\x7f", b"\xff" * 50])
def test_it_refuses_what_is_no_network(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not an ONNX model"):
        read_header(path)


@pytest.mark.assets
def test_it_reads_real_networks() -> None:
    folder = pack_root() / "models" / "testpack"
    assert read_header(folder / "w_mbf_casia.onnx").outputs == ((0, 128),)
    assert len(read_header(folder / "scrfd_2.5g_kps.onnx").outputs) == 9


def test_it_refuses_a_file_that_broke_off(tmp_path: Path) -> None:
    path = network(tmp_path / "net.onnx", [[1, 3, 112, 112]], [[1, 512]])
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="not an ONNX model"):
        read_header(path)
