"""Reading the shapes of a network without its library."""

from pathlib import Path

import pytest
from onnx import TensorProto, helper, save

from faces.engines.onnx_header import read_header


def network(path: Path, inputs: list[list[int | str]], outputs: list[list[int | str]]) -> Path:
    """An ONNX file with these shapes and some weights."""
    values = [
        [helper.make_tensor_value_info(f"{kind}{i}", TensorProto.FLOAT, shape) for i, shape in enumerate(shapes)]
        for kind, shapes in (("in", inputs), ("out", outputs))
    ]
    weights = helper.make_tensor("w", TensorProto.FLOAT, [3000], [0.5] * 3000)
    nodes = [helper.make_node("Identity", ["w"], [value.name]) for value in values[1]]
    save(helper.make_model(helper.make_graph(nodes, "net", *values, initializer=[weights])), path)
    return path


def test_it_reads_shapes_and_leaves_free_dimensions_zero(tmp_path: Path) -> None:
    path = network(tmp_path / "net.onnx", [["batch", 3, 112, 112]], [["batch", 512]])
    header = read_header(path)
    assert header.inputs == ((0, 3, 112, 112),)
    assert header.outputs == ((0, 512),)


def test_it_reads_all_outputs_of_a_detector(tmp_path: Path) -> None:
    path = network(tmp_path / "net.onnx", [[1, 3, "h", "w"]], [["n", 1]] * 3 + [["n", 4]] * 3 + [["n", 10]] * 3)
    assert [shape[-1] for shape in read_header(path).outputs] == [1, 1, 1, 4, 4, 4, 10, 10, 10]


@pytest.mark.parametrize("content", [b"", b"this is no network", b"\x3a\xff\xff\xff\x7f", b"\xff" * 50])
def test_it_refuses_what_is_no_network(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not an ONNX model"):
        read_header(path)


def test_it_refuses_a_file_that_broke_off(tmp_path: Path) -> None:
    path = network(tmp_path / "net.onnx", [[1, 3, 112, 112]], [[1, 512]])
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="not an ONNX model"):
        read_header(path)
