"""Random networks: drawing, building, making smaller, and the firmware that runs many of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from flows import config as configuration
from flows import firmware, fuzz
from modelgen import bundle
from modelgen.compiler import compile_graph
from modelgen.hardware import Hardware
from modelgen.image import execute
from modelgen.random_networks import build, draw, size, smaller
from tests.unit.networks import bits

ROOT = Path(__file__).resolve().parents[2]


def test_a_seed_gives_always_the_same_network() -> None:
    assert draw(7) == draw(7) != draw(8)
    one, other = build(draw(7)), build(draw(7))
    assert one.tensors == other.tensors
    for name, value in one.constants.items():
        np.testing.assert_array_equal(value, other.constants[name])


def test_all_kinds_are_drawn() -> None:
    nodes = [node for seed in range(60) for node in build(draw(seed)).nodes]
    assert {node.op for node in nodes} == {
        "quantized_conv2d",
        "quantized_linear",
        "max_pool2d",
        "avg_pool2d",
        "pointwise",
        "reshape",
    }
    for attribute in ("residual", "pool", "slope", "clamp"):
        assert any(node.attributes.get(attribute) for node in nodes)
    assert any(node.attributes.get("groups", 1) > 1 for node in nodes)


@pytest.mark.parametrize("seed", range(6))
def test_smaller_networks_are_networks(seed: int) -> None:
    network = draw(seed)
    for step in smaller(network):
        assert build(step).nodes or not step.layers
        assert len(step.layers) <= len(network.layers)


class Fake(fuzz.Bench):
    """The engine hangs, or two outputs are wrong, in every network with a depthwise layer."""

    def __init__(self, hangs: bool) -> None:
        super().__init__(configuration.load(ROOT / "heepstor_cfg.hjson"))
        self.hangs = hangs

    def _simulate(self, cases: Sequence[fuzz.Case]) -> list[str]:
        lines = []
        for index, case in enumerate(cases):
            is_bad = any(layer.kind == "depthwise" for layer in case.network.layers)
            if is_bad and self.hangs:
                break
            lines.append(f"network {index} {2 * is_bad}")
        return [*lines, "simulator: the end"]


def test_networks_after_one_that_hangs_are_tried() -> None:
    wrong, hanging = Fake(hangs=False).failing(range(8)), Fake(hangs=True).failing(range(8))
    assert len(wrong) > 1
    assert [network for network, _ in hanging] == [network for network, _ in wrong]
    assert all(re.match(r"2 of \d+ outputs differ", reason) for _, reason in wrong)
    assert all("did not end: " in reason for _, reason in hanging)


def test_a_failure_is_made_smaller() -> None:
    bench = Fake(hangs=False)
    failures = bench.failing(range(12))
    network = failures[0][0]
    small = bench.shrink(network)
    assert [layer.kind for layer in small.layers] == ["depthwise"]
    assert size(small) < size(network)
    assert "depthwise" in small.text()


def test_a_bundle_links(tmp_path: Path) -> None:
    """Two networks in one firmware; what lies in it is what the reference runs."""
    config = configuration.load(ROOT / "heepstor_cfg.hjson")
    cases = []
    for seed in (1, 2):
        graph = build(draw(seed))
        program = compile_graph(graph, Hardware())
        shape = graph.tensors[graph.input].shape
        values = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
        cases.append((program, values, execute(program, values)))
    bundle.write(cases, tmp_path / "src")
    (tmp_path / "out").mkdir()
    built = firmware.build(tmp_path / "src", tmp_path / "out", config)
    expected = np.frombuffer((tmp_path / "src" / "expected_1.bin").read_bytes(), "<f4")
    np.testing.assert_array_equal(bits(expected), bits(cases[1][2].reshape(-1)))
    assert built.size["total"] < config.memory.bytes
