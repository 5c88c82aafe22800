"""Compiled networks: right values, fences that suffice, sizes that fit, and speed by the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelgen.errors import ModelError
from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.memory import arena
from modelgen.operators import AvgPool2d, MaxPool2d
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.plan.image import Machine, build_image, descriptors_of, execute
from modelgen.plan.program import Chain, CpuLayer, EngineLayer, Program
from modelgen.targets.systolic.descriptor import Descriptor, Fence
from modelgen.verify.golden import check, golden_outputs
from tests.support import networks
from tests.support.float_network import run_float
from tests.support.graph_builder import GraphBuilder
from tests.support.networks import bits, random_network
from tests.support.overlap import check_fences

SEEDS = st.integers(0, 2**20)


@st.composite
def hardwares(draw: st.DrawFn) -> Hardware:
    size = draw(st.sampled_from([4, 8, 12, 16, 32]))
    banks = 1 << (size - 1).bit_length()
    smallest = max(256, 4 * banks).bit_length() - 1
    return Hardware(
        array_size=size,
        port_words=draw(st.sampled_from([1, 2, 4])),
        buffer_words=1 << draw(st.integers(smallest, 16)),
        accumulator_depth=1 << draw(st.integers(4, 10)),
    )


def inputs_of(graph: Graph, seed: int = 0) -> np.ndarray:
    shape = graph.tensors[graph.input].shape
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def chains_of(program: Program, graph: Graph) -> list[list[Descriptor]]:
    """The chains' descriptors, with a profile at the end of each layer as in the C++."""
    image = build_image(program, inputs_of(graph))
    chains = []
    for step in program.steps:
        if isinstance(step, Chain):
            descriptors = descriptors_of(program, step, image.addresses)
            last = -1
            for layer in step.layers:
                last += len(layer.jobs)
                descriptors[last] = replace(descriptors[last], profile=16)
            chains.append(descriptors)
    return chains


def assert_close(got: np.ndarray, wanted: np.ndarray) -> None:
    assert np.abs(got - wanted).max() <= 2e-5 * max(np.abs(wanted).max(), 1e-6)


@settings(max_examples=80, deadline=None)
@given(SEEDS, hardwares())
def test_random_networks(seed: int, hardware: Hardware) -> None:
    """Whatever the hardware, the compiled program gives what the layers of its graph give."""
    graph = random_network(seed)
    batches = np.stack([inputs_of(graph, number) for number in range(2)])
    golden_outputs(compile_graph(graph, hardware), batches)


@settings(max_examples=50, deadline=None)
@given(SEEDS, hardwares())
def test_fences_suffice(seed: int, hardware: Hardware) -> None:
    graph = random_network(seed)
    for chain in chains_of(compile_graph(graph, hardware), graph):
        check_fences(chain[:150], hardware.array_size)


def test_no_fence_is_idle() -> None:
    """Every fence of some networks is needed at its level."""
    found = set()
    for seed in range(12):
        graph = random_network(seed)
        hardware = Hardware(buffer_words=4096, accumulator_depth=64)
        for chain in chains_of(compile_graph(graph, hardware), graph):
            for i, job in enumerate(chain[:60]):
                if job.fence:
                    found.add(job.fence)
                    weaker = replace(job, fence=Fence(job.fence - 1))
                    with pytest.raises(AssertionError, match="may meet"):
                        check_fences([*chain[:i], weaker], hardware.array_size)
    assert Fence.ALL in found


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("name", ["resnet8", "vgg6", "cifar10", "dscnn"])
def test_known_networks(name: str, size: int) -> None:
    graph = getattr(networks, name)()
    hardware = Hardware(array_size=size)
    program = compile_graph(graph, hardware)
    values = inputs_of(graph)
    got = execute(program, values)
    check(program, values, got)
    assert_close(got, run_float(graph, values))
    for chain in chains_of(program, graph):
        check_fences(chain, size)


@pytest.mark.parametrize(
    ("name", "size", "cycles"), [("resnet8", 16, 64000), ("vgg6", 16, 172000), ("dscnn", 16, 39000)]
)
def test_predicted_cycles(name: str, size: int, cycles: int) -> None:
    program = compile_graph(getattr(networks, name)(), Hardware(array_size=size))
    assert describe(program)["predicted_cycles"] < cycles


@pytest.mark.parametrize("words", [65535, 65536, 100000])
def test_longer_than_a_descriptor_field(words: int) -> None:
    graph = GraphBuilder(1, words)
    built = graph.build(graph.linear("x", 9))
    values = inputs_of(built)
    assert_close(execute(compile_graph(built, Hardware()), values), run_float(built, values))


def test_larger_than_the_buffer() -> None:
    """Rows with their halo, columns, channels and kernel taps: whatever it takes."""
    for buffer_words in (512, 2048, 8192):
        graph = GraphBuilder(1, 40, 40, 12)
        last = graph.conv("x", 20, (5, 5), padding=(2, 2, 2, 2), low=0.0)
        built = graph.build(graph.pool(MaxPool2d, last, (3, 3), (2, 2), (1, 1, 1, 1)))
        values = inputs_of(built)
        hardware = Hardware(buffer_words=buffer_words)
        assert_close(execute(compile_graph(built, hardware), values), run_float(built, values))


def padded_convolutions(
    kernel: tuple[int, int], padding: tuple[int, int, int, int], **fields: Any
) -> Graph:
    """A convolution that loads its input, and one that finds it in the buffer; batch of two."""
    graph = GraphBuilder(2, 8, 9, 5)
    last = graph.conv("x", 12, kernel, padding=padding, low=0.0, **fields)
    last = graph.conv(last, 12, kernel, padding=padding, **{**fields, "depthwise": True})
    return graph.build(graph.conv(last, 9, kernel, padding=padding, **fields))


@pytest.mark.parametrize("buffer_words", [65536, 512], ids=["resident", "streamed"])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"stride": (2, 3)},
        {"stride": (3, 2), "dilation": (2, 1)},
        {"dilation": (3, 3)},
        {"padding": (6, 0, 0, 0)},
        {"padding": (0, 6, 0, 0)},
        {"padding": (0, 0, 6, 0)},
        {"padding": (0, 0, 0, 6)},
        {"padding": (3, 4, 5, 6), "kernel": (2, 1)},
    ],
    ids=str,
)
def test_padding_as_wide_as_the_kernel(fields: dict[str, Any], buffer_words: int) -> None:
    """Inferences one after another; rows and columns of outputs that see nothing but padding."""
    fields = {"kernel": (3, 3), "padding": (6, 6, 6, 6), **fields}
    graph = padded_convolutions(**fields)
    program = compile_graph(graph, Hardware(buffer_words=buffer_words, accumulator_depth=64))
    batches = inferences_of(graph)
    for values, outputs in zip(batches, golden_outputs(program, batches), strict=True):
        assert_close(outputs, run_float(graph, values))


def inferences_of(graph: Graph) -> np.ndarray:
    return np.stack([inputs_of(graph, seed) for seed in range(2)])


def test_the_first_rows_see_only_padding() -> None:
    """The classifier of which later inferences were once wrong."""
    graph = GraphBuilder(1, 32, 32, 3)
    last = graph.conv("x", 16, padding=(3, 3, 3, 3), low=0.0)
    last = graph.conv(last, 32, padding=(0, 0, 0, 0), low=0.0)
    last = graph.conv(last, 32, padding=(0, 0, 0, 0))
    last = graph.pool(AvgPool2d, last, (32, 32), (32, 32))
    built = graph.build(graph.linear(graph.flatten(last), 4))
    golden_outputs(compile_graph(built, Hardware()), inferences_of(built))


def test_a_frame_is_filled_again_after_others_streamed_through_it() -> None:
    graph = GraphBuilder(1, 8, 8, 8)
    last = "x"
    for channels in (100, 100, 100, 8, 8, 60, 100, 100, 100, 8, 8, 8):
        last = graph.conv(last, channels)
    built = graph.build(last)
    golden_outputs(compile_graph(built, Hardware(buffer_words=2048)), inferences_of(built))


def test_a_matrix_with_a_frame_is_loaded_whole() -> None:
    """One reader of the input needs a frame round its rows; the other could take it in parts."""
    graph = GraphBuilder(1, 20, 1, 256)
    plain = graph.conv("x", 8, (1, 1), padding=(0, 0, 0, 0))
    framed = graph.conv("x", 8, (3, 1), padding=(1, 1, 0, 0))
    built = graph.build(graph.pointwise(plain, residual=framed))
    golden_outputs(compile_graph(built, Hardware(array_size=4)), inferences_of(built))


def test_a_program_that_reads_what_it_has_not_written_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same without the frame: the message has the seed, which gives the same again."""
    monkeypatch.setattr("modelgen.plan.compiler.fill_frames", lambda layers, *_: layers)
    graph = GraphBuilder(1, 6, 6, 4)
    built = graph.build(graph.conv(graph.conv("x", 4), 4))
    program = compile_graph(built, Hardware())
    wrong = (
        r"^the compiled program is wrong: descriptor \d+: it reads buffer word \d+, which nothing "
        r"has written \(memories filled with seed \d+\)$"
    )
    with pytest.raises(AssertionError, match=wrong):
        golden_outputs(program, inferences_of(built))


def program_with_an_arena() -> Program:
    """A sum of two convolutions: the operand that is added is in memory."""
    graph = GraphBuilder(1, 6, 6, 4)
    last = graph.conv("x", 4)
    built = graph.build(graph.pointwise(graph.conv(last, 4), residual=last))
    program = compile_graph(built, Hardware())
    assert program.arena.size
    return program


def test_what_a_program_writes_begins_with_other_junk_each_time() -> None:
    program = program_with_an_arena()
    values = inputs_of(program.graph)
    one, other = build_image(program, values), build_image(program, values)
    tensor = program.graph.tensors[program.graph.output]
    places = one.addresses
    for begin, count in ((places.arena, program.arena.size // 4), (places.output, tensor.size)):
        mine, theirs = (image.words(begin, count).view(np.uint32) for image in (one, other))
        assert (mine != theirs).mean() > 0.99
    again = [build_image(program, values, seed=5).memory for _ in range(2)]
    assert again[0] == again[1]


def test_a_program_that_reads_what_it_has_not_stored_is_refused() -> None:
    """The operand that is added lies in memory, and nothing has stored it there."""
    program = program_with_an_arena()
    (chain,) = program.steps
    first = chain.layers[0]
    jobs = tuple(
        replace(job, store=replace(job.store, memory=None)) if job.store else job
        for job in first.jobs
    )
    without = replace(chain, layers=(replace(first, jobs=jobs), *chain.layers[1:]))
    with pytest.raises(AssertionError, match=r"it reads memory at 0x[0-9a-f]+, which nothing has"):
        golden_outputs(replace(program, steps=(without,)), inferences_of(program.graph))


def test_inferences_follow_one_another_in_the_same_memories(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machines = []

    class Counting(Machine):
        def __init__(self, program: Program) -> None:
            super().__init__(program)
            self.inferences = 0
            machines.append(self)

        def infer(self, values: np.ndarray) -> np.ndarray:
            self.inferences += 1
            return super().infer(values)

    monkeypatch.setattr("modelgen.verify.golden.Machine", Counting)
    program = program_with_an_arena()
    golden_outputs(program, inferences_of(program.graph))
    assert [machine.inferences for machine in machines] == [2]


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("shape", [(64, 256, 64), (128, 128, 128), (256, 256, 64)])
def test_products_come_near_the_limit(shape: tuple[int, int, int], size: int) -> None:
    rows, words, columns = shape
    graph = GraphBuilder(rows, words)
    program = compile_graph(graph.build(graph.linear("x", columns)), Hardware(array_size=size))
    document = describe(program)
    assert document["predicted_cycles"] < 1.2 * document["limit_cycles"]
    assert not any(job.fence for step in program.steps for job in step.jobs)


def test_one_row_is_one_descriptor_a_layer() -> None:
    graph = GraphBuilder(1, 784)
    last = graph.linear("x", 128, low=0.0)
    built = graph.build(graph.softmax(graph.linear(graph.linear(last, 64), 10)))
    program = compile_graph(built, Hardware())
    jobs = [layer.jobs for layer in program.layers if isinstance(layer, EngineLayer)]
    assert [len(of_layer) for of_layer in jobs] == [1, 1, 1]
    assert [of_layer[0].fence for of_layer in jobs] == [Fence.NONE, Fence.ALL, Fence.ALL]
    assert isinstance(program.steps[0], Chain) and isinstance(program.steps[1], CpuLayer)


def test_shared_weights_are_stored_once() -> None:
    graph = GraphBuilder(1, 32)
    built = graph.build(graph.linear(graph.linear("x", 32), 32))
    first, second = built.nodes
    shared = built.with_nodes([first, replace(second, constants=first.constants)])
    program = compile_graph(shared, Hardware())
    assert len(program.weights) == 32 * 32


def test_maps_stay_in_the_buffer() -> None:
    """Only what the store path adds is in memory, and the frames are made without a fence."""
    program = compile_graph(networks.resnet8(), Hardware())
    layers = [layer for layer in program.layers if isinstance(layer, EngineLayer)]
    assert layers[0].source_place == "memory, kept in buffer"
    assert all(layer.source_place == "buffer" for layer in layers[1:])
    added = {node.inputs[1] for node in program.graph.nodes if len(node.inputs) > 1}
    assert {name for name in program.arena.offsets if name != layers[-1].node.output} == added


def test_first_layer_fills_the_array() -> None:
    """Three channels: slices go on from kernel row to kernel row."""
    program = compile_graph(networks.resnet8(), Hardware(array_size=16))
    first = program.layers[0]
    assert len(first.slices) == 2
    assert sorted(np.concatenate(first.slices).tolist()) == list(range(27))


def test_no_layer_at_all() -> None:
    graph = GraphBuilder(1, 4)
    with pytest.raises(ModelError, match="no layer"):
        compile_graph(graph.build(graph.flatten("x")), Hardware())


def test_arena_too_small() -> None:
    graph = GraphBuilder(1, 8)
    built = graph.build(graph.softmax(graph.linear("x", 64)))
    with pytest.raises(
        ModelError, match=r"need 256 bytes.*156 bytes are missing.*arena_kib to at least 1 "
    ):
        compile_graph(built, Hardware(arena_bytes=100))


def residual_blocks(count: int) -> Graph:
    """Blocks whose sums are the operands of the next, and a last layer after them."""
    graph = GraphBuilder(1, 8, 8, 12)
    last = graph.conv("x", 12)
    for _ in range(count):
        last = graph.conv(graph.conv(last, 12), 12, residual=last)
    return graph.build(graph.conv(last, 5))


@pytest.mark.parametrize("hardware", [Hardware(), Hardware(buffer_words=1024)], ids=str)
def test_sums_are_written_over_their_operands(hardware: Hardware) -> None:
    graph = residual_blocks(3)
    program = compile_graph(graph, hardware)
    first, *sums = [name for node in graph.nodes for name in node.inputs[1:]]
    shared = {region.name: region.over for region in program.arena.regions if region.over}
    assert shared.items() >= dict(zip(sums, [first, *sums], strict=False)).items()
    assert len({program.arena.offsets[name] for name in (first, *sums)}) == 1
    assert program.arena.lower_bound <= program.arena.size
    values = inputs_of(graph)
    check(program, values, execute(program, values))
    for chain in chains_of(program, graph):
        check_fences(chain, hardware.array_size)


def test_an_operand_that_is_needed_later_keeps_its_place() -> None:
    graph = GraphBuilder(1, 8, 8, 12)
    first = graph.conv("x", 12)
    second = graph.conv(graph.conv(first, 12), 12, residual=first)
    third = graph.conv(graph.conv(second, 12), 12, residual=first)
    fourth = graph.conv(graph.conv(third, 12), 12, residual=second)
    built = graph.build(graph.conv(fourth, 5))
    program = compile_graph(built, Hardware())
    assert program.arena.offsets[first] != program.arena.offsets[second]
    values = inputs_of(built)
    check(program, values, execute(program, values))


@pytest.mark.parametrize("hardware", [Hardware(), Hardware(buffer_words=512)], ids=str)
def test_an_operand_that_is_the_input_too_keeps_its_place(hardware: Hardware) -> None:
    """A convolution reads words of its input after it has stored results at their offsets."""
    graph = GraphBuilder(1, 8, 8, 12)
    first = graph.conv("x", 12)
    second = graph.conv(first, 12, residual=first)
    built = graph.build(graph.conv(graph.conv(second, 12), 12, residual=second))
    program = compile_graph(built, hardware)
    assert program.arena.offsets[first] != program.arena.offsets[second]
    values = inputs_of(built)
    check(program, values, execute(program, values))
    for chain in chains_of(program, built):
        check_fences(chain, hardware.array_size)


def test_description() -> None:
    graph = GraphBuilder(1, 784)
    last = graph.linear(graph.linear("x", 128, low=0.0), 64)
    document = describe(compile_graph(graph.build(graph.softmax(last)), Hardware()))
    assert [layer["limit_cycles"] for layer in document["layers"]] == [6500.0, 560.0, 0.0]
    assert document["layers"][0]["shape"] == "1 x 784 -> 128"
    assert document["layers"][0]["op"] == "linear, ReLU"
    assert document["macs"] == 784 * 128 + 128 * 64
    assert document["arena_bytes"] == document["arena_lower_bound"] == 256
    assert document["layers"][0]["losses"]["k_rounding"] == 0


def test_losses_have_names() -> None:
    document = describe(compile_graph(networks.cifar10(), Hardware(array_size=16)))
    for layer in document["layers"][:-1]:
        lost = sum(layer["losses"].values())
        assert abs(layer["predicted_cycles"] - layer["macs"] / 256 - lost) < 5
    assert document["layers"][0]["op"] == "conv 5x5, ReLU"
    assert document["layers"][1]["shape"] == "22 x 22 x 16 -> 10 x 10 x 24"


def test_the_same_graph_gives_the_same_program() -> None:
    one, other = (compile_graph(networks.dscnn(), Hardware()) for _ in range(2))
    assert describe(one) == describe(other)
    values = inputs_of(one.graph)
    np.testing.assert_array_equal(bits(execute(one, values)), bits(execute(other, values)))


lifetimes = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.builds(
        lambda first, length, size: arena.Lifetime(first, first + length, size),
        st.integers(0, 8),
        st.integers(1, 4),
        st.integers(4, 400),
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(lifetimes)
def test_arena_keeps_living_tensors_apart(living: dict[str, arena.Lifetime]) -> None:
    placed = arena.place(living)
    assert placed.size >= placed.lower_bound
    for name, mine in living.items():
        assert placed.offsets[name] % 16 == 0
        assert placed.offsets[name] + mine.size <= placed.size
        for other, theirs in living.items():
            if other != name and mine.meets(theirs):
                begin, end = placed.offsets[other], placed.offsets[other] + theirs.size
                assert placed.offsets[name] >= end or placed.offsets[name] + mine.size <= begin


def test_arena_of_a_chain_reaches_the_lower_bound() -> None:
    living = {f"t{i}": arena.Lifetime(i, i + 1, 64 * (i % 3 + 1)) for i in range(9)}
    placed = arena.place(living)
    assert placed.size == placed.lower_bound


def test_outputs_that_differ_are_a_bug_of_the_compiler() -> None:
    """One bit of one output is enough."""
    graph = GraphBuilder(1, 16)
    built = graph.build(graph.linear("x", 9))
    program = compile_graph(built, Hardware())
    values = inputs_of(built)
    outputs = execute(program, values)
    check(program, values, outputs)
    outputs.view(np.uint32).flat[4] ^= 1
    with pytest.raises(AssertionError, match="1 of 9 outputs"):
        check(program, values, outputs)


def test_the_arena_rounds_to_lines_of_the_memory_port() -> None:
    living = {"a": arena.Lifetime(0, 1, 40), "b": arena.Lifetime(1, 2, 17)}
    placed = arena.place(living)
    assert placed.size == placed.lower_bound == 48 + 32
