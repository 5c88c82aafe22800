"""Many networks in one firmware: their names, their data, and the table of all."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from modelgen.hardware import Hardware
from modelgen.plan.compiler import compile_graph
from modelgen.plan.program import Program
from modelgen.verify import bundle
from tests.support.graph_builder import GraphBuilder


def program(outputs: int) -> Program:
    builder = GraphBuilder(1, 6)
    graph = builder.build(builder.softmax(builder.linear("x", outputs)))
    return compile_graph(graph, Hardware(array_size=4))


def test_each_network_has_names_of_its_own() -> None:
    assert bundle.definitions("network_3") == (
        "-Dmodel=network_3",
        "-Dmodel_weights=network_3_weights",
        "-Dmodel_parameters=network_3_parameters",
        "-Dmodel_constants=network_3_constants",
        "-Dmodel_kernel_data=network_3_kernel_data",
    )


def test_files_of_two_networks(tmp_path: Path) -> None:
    cases = [
        (program(n), np.full((2, 1, 6), n, np.float32), np.full((2, 1, n), -n, np.float32))
        for n in (3, 5)
    ]
    assert bundle.write(cases, tmp_path / "all") == ["network_0", "network_1"]
    files = {path.name for path in (tmp_path / "all").iterdir()}
    assert {"main.cpp", "networks.S", "network_0", "network_1"} <= files
    expected = np.fromfile(tmp_path / "all" / "network_1_expected.bin", "<f4")
    np.testing.assert_array_equal(expected, np.full(10, -5))
    main = (tmp_path / "all" / "main.cpp").read_text()
    assert "kInferences = 2;" in main and "output[20];" in main, "the most of all"
    assert (
        "return network_1::infer(static_cast<const float*>(in), static_cast<float*>(out))" in main
    )
    assert "; }, network_1_inputs, network_1_expected, 24, 20, 4}," in main
    assert "{{" not in main
    data = (tmp_path / "all" / "networks.S").read_text()
    assert '.incbin "network_0_inputs.bin"' in data


def test_memory_grows_with_inputs_outputs_and_constants() -> None:
    small, large = program(3), program(300)
    for inferences in (1, 7):
        words = (6 + 3, 6 + 300)
        found = [bundle.memory_bytes(p, inferences) for p in (small, large)]
        constants = large.constant_bytes - small.constant_bytes
        arenas = large.arena.size - small.arena.size
        assert found[1] - found[0] == constants + arenas + 4 * inferences * (words[1] - words[0])
    assert bundle.memory_bytes(small, 1) > small.constant_bytes + small.arena.size + 4 * 9
