"""Reading of ONNX files: damaged ones, values in other files, functions."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from modelgen.frontends.onnx.reader import read_model
from tests.support.onnx_models import compare, model, one, random

X = random(2, 64, 4)


def saved(path: Path) -> Path:
    onnx.save(one("Add", {"x": X}, {"b": X}), path)
    return path


def test_a_file(tmp_path: Path) -> None:
    compare(read_model(saved(tmp_path / "a.onnx")), {"x": X}, exact=True)


def test_files_that_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no .*none\.onnx"):
        read_model(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match=r"is not a file"):
        read_model(tmp_path)
    for name, contents in (("junk", b"junk"), ("empty", b""), ("zeros", bytes(100))):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(contents)
        with pytest.raises(ModelError, match=r"is not an ONNX model, or is truncated"):
            read_model(path)


def test_truncated_files(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.onnx")
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelError, match=r"is not an ONNX model, or is truncated"):
            read_model(path)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.onnx")
    whole = path.read_bytes()
    for wrong in (b"\xf0ode", b"n\x1bde"):
        path.write_bytes(whole.replace(b"node", wrong))
        with pytest.raises(ModelError, match=r"is not an ONNX model, or is truncated"):
            read_model(path)


def test_the_long_name_of_the_domain(tmp_path: Path) -> None:
    proto = one("Relu", {"x": X})
    proto.opset_import[0].domain = proto.graph.node[0].domain = "ai.onnx"
    onnx.save(proto, tmp_path / "a.onnx")
    compare(read_model(tmp_path / "a.onnx"), {"x": X}, exact=True)


def external(folder: Path) -> Path:
    path = folder / "a.onnx"
    proto = one("Add", {"x": X}, {"b": X})
    onnx.save(proto, path, save_as_external_data=True, location="a.data", size_threshold=0)
    return path


def test_values_in_another_file(tmp_path: Path) -> None:
    compare(read_model(external(tmp_path)), {"x": X}, exact=True)


def test_the_other_file_is_missing_or_truncated(tmp_path: Path) -> None:
    path = external(tmp_path)
    other = tmp_path / "a.data"
    other.write_bytes(other.read_bytes()[:-10])
    with pytest.raises(ModelError, match=r"('a\.data' cannot be read|tensor 'b' cannot be read)"):
        build(read_model(path))
    other.unlink()
    with pytest.raises(
        ModelError, match=r"keeps the values of 1 tensors in 'a\.data', which is not"
    ):
        read_model(path)


def test_functions_of_the_model_are_put_where_they_are_called(tmp_path: Path) -> None:
    helper = onnx.helper
    body = [
        helper.make_node("Mul", ["a", "a"], ["s"]),
        helper.make_node("Sqrt", ["s"], ["r"]),
    ]
    imports = [helper.make_opsetid("", 17)]
    function = helper.make_function("own", "Size2", ["a"], ["r"], body, imports)
    proto = model([helper.make_node("Size2", ["x"], ["y"], domain="own")], {"x": X})
    proto.opset_import.append(helper.make_opsetid("own", 1))
    proto.functions.append(function)
    onnx.save(proto, tmp_path / "a.onnx")
    compare(read_model(tmp_path / "a.onnx"), {"x": X})


@pytest.mark.parametrize("calls", [["F0", "Relu"], ["F1", "F1"]])
def test_functions_that_would_never_end(tmp_path: Path, calls: list[str]) -> None:
    helper = onnx.helper
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    functions = []
    for at in range(30):
        names = [f"F{at + 1}" if name == "F1" else name for name in calls]
        body = [
            helper.make_node(name, [a], [b], domain="" if name == "Relu" else "own")
            for name, a, b in zip(names, ("a", "b"), ("b", "c"), strict=True)
        ]
        functions.append(helper.make_function("own", f"F{at}", ["a"], ["c"], body, imports))
    proto = model([helper.make_node("F0", ["x"], ["y"], domain="own")], {"x": X})
    proto.functions.extend(functions)
    onnx.save(proto, tmp_path / "a.onnx")
    with pytest.raises(ModelError, match="or that call themselves; at most 100000 are supported"):
        read_model(tmp_path / "a.onnx")
