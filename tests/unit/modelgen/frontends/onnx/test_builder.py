"""From ONNX graphs to modules: names, constants, inputs, and all that is refused at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
import torch

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from modelgen.frontends.torch_export.importer import UnsupportedError
from tests.support.onnx_models import compare, imported, model, one, random

node = onnx.helper.make_node
X = random(2, 3, 4)


def complaints(proto: Any) -> list[str]:
    with pytest.raises(UnsupportedError) as caught:
        build(proto)
    return [str(each) for each in caught.value.complaints]


def test_a_file_from_input_to_output() -> None:
    nodes = [
        node("MatMul", ["x", "w"], ["a"], "first"),
        node("Add", ["a", "b"], ["c"], "second"),
        node("Relu", ["c"], ["y"], "third"),
    ]
    fixed = {"w": random(4, 5, seed=2), "b": random(5, seed=3)}
    compare(model(nodes, {"x": X}, fixed=fixed), {"x": X})


def test_layers_have_the_names_of_the_nodes() -> None:
    nodes = [
        node("Relu", ["x"], ["a"], "net.act/Relu"),
        node("Sigmoid", ["a"], ["b"]),
        node("Tanh", ["b"], ["y"], "net.act/Relu"),
    ]
    graph = imported(model(nodes, {"x": X}), {"x": X})
    assert [each.name for each in graph.nodes] == ["net.act/Relu", "Sigmoid_b", "net.act/Relu_2"]


def test_inputs_have_the_names_of_the_file() -> None:
    given = {"left": X, "right.1": random(2, 3, 4, seed=2)}
    network = build(one("Add", given))
    assert network.inputs == ("left", "right.1")
    assert imported(one("Add", given), given).inputs == ("left", "right_1")


def test_arithmetic_of_shapes_is_done_at_once() -> None:
    nodes = [
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "zero"], ["batch"]),
        node("Unsqueeze", ["batch", "zero1"], ["head"]),
        node("Concat", ["head", "rest"], ["sizes"], axis=0),
        node("Reshape", ["x", "sizes"], ["flat"]),
        node("ConstantOfShape", ["shape"], ["zeros"]),
        node("Reshape", ["zeros", "sizes"], ["others"]),
        node("Add", ["flat", "others"], ["y"]),
    ]
    fixed = {"zero": np.array(0), "zero1": np.array([0]), "rest": np.array([-1])}
    network = compare(model(nodes, {"x": X}, fixed=fixed), {"x": X}, exact=True)
    layers = [name for name, _ in network.module.named_children()]
    assert layers == ["Reshape_flat", "Add_y"]


def test_initializers_may_be_listed_as_inputs() -> None:
    proto = one("Add", {"x": X, "b": random(2, 3, 4, seed=2)})
    proto.graph.initializer.append(onnx.numpy_helper.from_array(X, "b"))
    assert build(proto).inputs == ("x",)


def open_batch(proto: Any, name: str = "batch") -> Any:
    for value in proto.graph.input:
        value.type.tensor_type.shape.dim[0].dim_param = name
    return proto


def test_an_open_batch_is_one_or_as_many_as_wanted() -> None:
    proto = open_batch(one("Relu", {"x": X}))
    assert build(proto).batch == 1
    network = build(proto, 5)
    assert (network.batch, network.arguments[0].features) == (5, (3, 4))
    assert network.arguments[0].example(network.batch).shape == (5, 3, 4)


def test_several_outputs_of_which_one_is_read_only() -> None:
    nodes = [
        node("Split", ["x"], ["a", "b"], "parts", axis=2, num_outputs=2),
        node("Relu", ["b"], ["y"]),
    ]
    compare(model(nodes, {"x": X}, opset=18), {"x": X}, exact=True)


def test_a_tensor_that_two_nodes_read_is_kept_once() -> None:
    nodes = [node("Add", ["x", "w"], ["a"]), node("Mul", ["a", "w"], ["y"])]
    network = compare(model(nodes, {"x": X}, fixed={"w": random(4)}), {"x": X}, exact=True)
    assert [name for name, _ in network.module.named_buffers()] == ["w"]


def test_all_that_is_wrong_is_said_at_once() -> None:
    nodes = [
        node("Det", ["x"], ["a"], "first"),
        node("Relu", ["a"], ["b"], "lost"),
        node("NonZero", ["x"], ["c"], "second"),
        node("Cast", ["x"], ["d"], "third", to=10),
        node("TopK", ["d", "k"], ["e", "f"], "fourth"),
        node("Gelu", ["x"], ["g"], "fifth", domain="com.microsoft"),
        node("Conv", ["x", "w"], ["h"], "sixth"),
    ]
    fixed = {"k": np.array([1]), "w": random(3, 5, 3)}
    proto = model(nodes, {"x": X}, list("bcegh"), fixed)
    proto.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    found = complaints(proto)
    assert found[0] == "Layer 'first' (Det) is not supported."
    assert found[1].startswith("Layer 'second' (NonZero) is not supported. The size of its result")
    assert found[2].startswith("Layer 'third' (Cast) converts to FLOAT16; supported: FLOAT")
    assert found[3] == "Layer 'fourth' (TopK) is not supported."
    assert "Layer 'fifth' (Gelu) is an operator of the domain 'com.microsoft'" in found[4]
    assert found[5].startswith("Layer 'sixth' (Conv) cannot take 'x' (2x3x4) and 'w' (3x5x3): ")
    assert len(found) == 6


def branch(operator: str) -> Any:
    """Return a graph that computes `out` from the `x` around it, by way of a tensor `a`."""
    output = onnx.helper.make_empty_tensor_value_info("out")
    weight = onnx.numpy_helper.from_array(random(4), "k2")
    inner = [node("Mul", ["x", "k2"], ["a2"]), node(operator, ["a2"], ["out"], "last")]
    return onnx.helper.make_graph(inner, operator, [], [output], [weight])


@pytest.mark.parametrize("chosen", [False, True])
def test_a_branch_that_shapes_choose(chosen: bool) -> None:
    branches = {"then_branch": branch("Relu"), "else_branch": branch("Neg")}
    nodes = [
        node("Mul", ["x", "k"], ["a"]),
        node("Size", ["x"], ["size"]),
        node("Equal", ["size", "wanted"], ["condition"]),
        node("If", ["condition"], ["b"], "choice", **branches),
        node("Add", ["a", "b"], ["y"]),
    ]
    fixed = {"k": random(4, seed=5), "wanted": np.array(24 if chosen else 25)}
    network = compare(model(nodes, {"x": X}, fixed=fixed), {"x": X}, exact=True)
    names = [name for name, layer in network.module.named_children() if hasattr(layer, "node")]
    assert names == ["Mul_a", "choice/Mul", "choice/last", "choice/Identity", "Add_y"]


def test_control_flow_is_refused() -> None:
    branches = {"then_branch": branch("Relu"), "else_branch": branch("Neg")}
    nodes = [
        node("ReduceMax", ["x"], ["top"], keepdims=0),
        node("Greater", ["top", "limit"], ["condition"]),
        node("If", ["condition"], ["y"], "choice", **branches),
    ]
    (found,) = complaints(model(nodes, {"x": X}, fixed={"limit": np.array(0, np.float32)}))
    assert found.startswith("Layer 'choice' (If) is control flow that depends on the model's input")


def test_nodes_that_are_not_as_defined_are_refused() -> None:
    (found,) = complaints(one("Relu", {"x": X}, slope=0.5))
    assert found.startswith("Layer 'node' (Relu) is not as ONNX defines it: Unrecognized attribute")
    (found,) = complaints(one("Shape", {"x": X}, order=[]))
    assert found.startswith("Layer 'node' (Shape) is not as ONNX defines it: ")


@pytest.mark.parametrize("kind", ["float16", "float64"])
def test_other_types_are_refused_where_they_are_used(kind: str) -> None:
    (found,) = complaints(one("Add", {"x": X}, {"b": X.astype(kind)}))
    assert found == f"Layer 'node' (Add) computes with 'b', which is {kind}."
    (found,) = complaints(one("Relu", {"x": X.astype(kind)}))
    name = {"float16": "FLOAT16", "float64": "DOUBLE"}[kind]
    assert found.startswith(f"The input 'x' has elements of the type {name}; supported: FLOAT")


def test_a_node_that_reads_what_nothing_computes() -> None:
    proto = one("Add", {"x": X}, order=["x", "missing"])
    with pytest.raises(ModelError, match=r"Layer 'node' \(Add\) reads 'missing', which no node"):
        build(proto)


def test_nothing_is_logged_about_a_node_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    proto = one("Concat", {"x": X}, {"b": random(2, 5, 5)}, axis=1)
    (found,) = complaints(proto)
    assert found.startswith("Layer 'node' (Concat) cannot take 'x' (2x3x4) and 'b' (2x5x5): ")
    assert not caplog.records


def test_an_output_that_nothing_computes() -> None:
    proto = model([node("Relu", ["x"], ["a"])], {"x": X}, ["y"])
    assert complaints(proto) == ["The output 'y' is not computed by any node."]


def test_values_that_are_cut_off() -> None:
    proto = one("Add", {"x": X}, {"b": X})
    proto.graph.initializer[0].raw_data = proto.graph.initializer[0].raw_data[:-3]
    with pytest.raises(ModelError, match="The values of the tensor 'b' cannot be read"):
        build(proto)


def test_the_module_can_be_copied_and_run() -> None:
    import copy

    network = build(one("Add", {"x": X}, {"b": X}))
    twin = copy.deepcopy(network.module)
    twin.get_buffer("b").zero_()
    x = torch.from_numpy(X)
    assert torch.equal(twin(x), x)
    assert torch.equal(network.module(x), 2 * x)
