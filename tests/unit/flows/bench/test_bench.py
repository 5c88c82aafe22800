"""The benchmarks' own parts: which goals are missed, tables, unknown suites."""

import copy
import io
import json
import sys
import types

import pytest
import torch
from rich.console import Console

from flows import bench
from flows.bench import accuracy, host, linear, network_tables, networks, published
from flows.bench.runner import measurement
from flows.errors import HeepstorError
from flows.simulate.device_log import Counters, InputRun
from modelgen.workload.project import load_project

FIGURES = {
    "programs": [{"name": "product", "array_size": 8, "cycles": 100, "goal": 100}],
    "error": [{"data": "normal", "depth": 72, "fp32": 2e-7, "array_8": 1e-7, "array_16": 1e-7}],
    "resources": {"processing_element": {"lut": 40, "dsp": 1}},
}


def test_nothing_is_missed_at_the_goals():
    assert linear.missed(FIGURES) == []


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("programs", 0, "cycles"), 101, "product at S = 8"),
        (("resources", "processing_element", "lut"), 65, "LUT"),
        (("resources", "processing_element", "dsp"), 2, "DSP"),
        (("error", 0, "array_16"), 3e-7, "normal"),
    ],
)
def test_each_goal_can_be_missed(path, value, named):
    figures = copy.deepcopy(FIGURES)
    *where, last = path
    place = figures
    for step in where:
        place = place[step]
    place[last] = value
    (line,) = linear.missed(figures)
    assert named in line


def test_the_array_is_more_exact_than_sequential_fp32():
    for row in accuracy.rows():
        assert row["array_8"] < row["fp32"], row
        assert row["array_16"] < row["fp32"], row


# Two layers on the engine in one chain, and a softmax on the CPU.
MODEL = {
    "macs": 12_501_632,
    "limit_cycles": 48_900.0,
    "predicted_cycles": 61_000,
    "layers": [
        {
            **{"index": 0, "name": "conv", "place": "engine", "op": "conv2d", "shape": "32 x 32"},
            **{"macs": 442_368, "limit_cycles": 3_072.0, "predicted_cycles": 4_000, "chain": 0},
            "array_cycles": 2_304,
        },
        {
            **{"index": 1, "name": "linear", "place": "engine", "op": "linear", "shape": "64"},
            **{"macs": 12_059_264, "limit_cycles": 45_828.0, "predicted_cycles": 57_000},
            **{"chain": 0, "array_cycles": 49_696},
        },
        {
            **{"index": 2, "name": "softmax", "place": "cpu", "op": "softmax", "shape": "1 x 10"},
            **{"macs": 0, "limit_cycles": 0.0, "predicted_cycles": None, "chain": None},
        },
    ],
}
RUN = InputRun(
    cycles=62_500,
    # Cycles, busy, waits for descriptor, activations, weights, accumulator, store; stalls.
    layers={
        0: Counters(4_100, 2_304, 12, 1_500, 100, 84, 100, 7),
        1: Counters(60_000, 52_000, 20, 5_500, 900, 180, 1_400, 9),
    },
    cpu={2: 900},
)
SIZE = {"code": 9_000, "data": 3_000, "weights": 78_000, "arena": 4_096, "stack": 8, "total": 1}
STATISTICS = {"cycles": 100_000, "wall_seconds": 0.5}


def resnet8(**changes) -> dict:
    """The figures of resnet8 at S = 16, all goals reached."""
    (network,) = networks._chosen(["resnet8"])
    return {**networks.row(network, measurement(16, RUN, MODEL, SIZE, STATISTICS)), **changes}


def test_figures_of_a_network():
    row = resnet8()
    assert row["cycles"] == 62_500 and row["engine"] == 60_000 and row["predicted"] == 61_000
    assert row["ratio"] == pytest.approx(62_500 / 48_900)
    assert row["goals"] == {"1.4 x the limit": 68_460, "cycles": 65_000}
    assert sum(row["causes"].values()) == row["cycles"]
    first, second, last = row["layers"]
    assert first["underutilized"] == 2_304 - 442_368 / 256
    assert second["cycles"] == 55_900 and second["wait_store"] == 1_300
    assert last["place"] == "cpu" and last["cycles"] == 900
    json.dumps(row)


def test_networks_reach_their_goals():
    assert networks.missed({"networks": [resnet8()]}) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"cycles": 65_001}, "resnet8 at S = 16: 65,001 cycles, at most 65,000 (cycles)"),
        ({"goals": {"1.4 x the limit": 60_000}}, "at most 60,000 (1.4 x the limit)"),
        ({"prediction_error": -0.051}, "-5.1% off 60,000; at most 5%"),
        ({"prediction_error": 0.051}, "+5.1% off 60,000; at most 5%"),
    ],
)
def test_each_goal_of_a_network_can_be_missed(changes, named):
    (line,) = networks.missed({"networks": [resnet8(**changes)]})
    assert named in line


def test_goals_are_those_stated():
    goals = {
        (network.name, size): network.goals(size, 1_000.0)
        for network in networks.NETWORKS
        for size in (8, 16)
    }
    large = ("bench-fmnist-large", "cifar10-conv2d", "resnet8", "vgg6")
    for name in large:
        assert goals[name, 8]["1.25 x the limit"] == 1_250
        assert goals[name, 16]["1.4 x the limit"] == 1_400
    for name in ("bench-fmnist-medium", "fmnist-conv2d", "mnist-cnn"):
        assert goals[name, 8]["1.6 x the limit"] == 1_600
    fewer = {network.name for network in networks.NETWORKS if network.fewer}
    assert fewer == {"bench-fmnist-medium", "fmnist-conv2d", "bench-fmnist-large", "cifar10-conv2d"}
    assert goals["fmnist-conv2d", 8]["300 x fewer than published"] == 1_456_591 // 300
    most = {"resnet8": 65_000, "dscnn": 40_000, "vgg6": 175_000}
    assert {name: goals[name, 16].get("cycles") for name in most} == most


def test_networks_are_the_projects():
    projects = bench.ROOT / "projects"
    names = {path.parent.name for path in projects.glob("*/project.py")}
    assert {network.name for network in networks.NETWORKS} == names
    for system in published.SYSTEMS:
        assert system.network in names
    for network in networks.NETWORKS:
        model = load_project(projects / network.name).build_model().eval()
        assert model(torch.zeros(1, *network.shape)).dim() == 2


def test_tables_of_networks(monkeypatch):
    other = resnet8(name="cifar10-conv2d", published=12_365_603, times_fewer=270.5, software=5)
    text = io.StringIO()
    console = Console(file=text, width=150)
    monkeypatch.setattr(network_tables, "console", lambda: console)
    networks.show({"networks": [resnet8(), other]})
    printed = text.getvalue()
    lines = [line for line in printed.splitlines() if "conv" in line and "1,028" in line]
    # Limit, cycles, lost, underut., waits for weights, activations, accumulators, store, descr.
    wanted = ["3,072", "4,100", "1,028", "576", "100", "1,500", "84", "100", "12"]
    assert lines[0].split()[-9:] == wanted
    assert "12,365,603" in printed and "270" in printed
    assert "GAP9: 8 x RV32 and NE16" in printed and "62,500 (3.6)" in printed
    assert "vgg6" not in printed
    assert "CPU  " in printed and "descr." in printed and "+1.7%" in printed


def test_large_figures_fit_a_terminal_of_100_columns():
    row = resnet8(name="bench-fmnist-medium", limit=610_818.0, cycles=616_358)
    figures = dict.fromkeys(row["layers"][0], 147_456)
    row["layers"] = [{**figures, "name": "25", "op": "average pool 25x5", "place": "engine"}]
    output = io.StringIO()
    Console(file=output, width=100).print(network_tables.layers_table([row]))
    assert "…" not in output.getvalue()


def test_unknown_network_is_refused():
    with pytest.raises(HeepstorError, match=r"no network 'alexnet'.*resnet8"):
        networks.run(None, only=["alexnet"])


def test_software_is_measured_for_small_networks_only():
    class Bench:
        def network(self, name, shape, array_size):
            return measurement(array_size, RUN, {**MODEL, "macs": macs[name]}, SIZE, STATISTICS)

        def software_cycles(self, name, array_size):
            assert array_size == 8
            return 4_000_000

    macs = {"fmnist-conv2d": 167_168, "vgg6": 38_715_392}
    figures = networks.run(Bench(), only=list(macs))["networks"]
    found = {(row["name"], row["array_size"]): row["software"] for row in figures}
    assert found == {
        ("fmnist-conv2d", 8): 4_000_000,
        ("vgg6", 8): None,
        ("fmnist-conv2d", 16): None,
        ("vgg6", 16): None,
    }


def test_slow_builds_are_missed():
    def figures(seconds):
        return {"builds": [{"project": "cifar10-conv2d", "seconds": seconds}]}

    assert host.missed(figures(15.0)) == []
    (line,) = host.missed(figures(15.2))
    assert "cifar10-conv2d: 15.2 s, at most 15 s" in line


def test_failed_builds_show_their_end(tmp_path, monkeypatch):
    monkeypatch.setattr(host, "PROJECT", "none-such")
    with pytest.raises(HeepstorError, match="there is no project 'none-such'"):
        host._build(bench.ROOT, bench.ROOT / "heepstor_cfg.hjson")


@pytest.fixture
def suites(monkeypatch, tmp_path):
    """Two suites; the second misses a goal. What they were run with."""
    calls = []
    for name, lines in (("networks", []), ("linear", ["too slow"])):
        module = types.ModuleType(f"suite_{name}")
        module.run = lambda bench, name=name, **choice: calls.append((name, choice)) or {"is": name}
        module.show = lambda figures: print(f"table of {figures['is']}")
        module.missed = lambda figures, lines=lines: lines
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(bench, "SUITES", {"networks": "suite_networks", "linear": "suite_linear"})
    monkeypatch.setattr("flows.bench.runner.Bench.__init__", prepare)
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    return calls


def prepare(self, root, path, terminal):
    self.folder = root


def test_all_suites_run_in_order(suites, tmp_path, capsys):
    assert bench.main("all") == 1
    assert suites == [("networks", {}), ("linear", {})]
    printed = capsys.readouterr()
    assert printed.out.index("table of networks") < printed.out.index("table of linear")
    assert "Goal missed: too slow" in printed.err
    assert json.loads((tmp_path / "linear.json").read_text()) == {"is": "linear"}


def test_networks_are_the_default_and_take_sizes(suites, capsys):
    assert bench.main(sizes="4, 12", only="vgg6") == 0
    assert suites == [("networks", {"sizes": [4, 12], "only": ["vgg6"]})]
    assert bench.main("networks", json=True) == 0
    assert json.loads(capsys.readouterr().out.split("JSON: networks.json\n")[1]) == {
        "is": "networks"
    }


def test_wrong_sizes_are_refused(suites):
    with pytest.raises(HeepstorError, match="--sizes is 'big'"):
        bench.main(sizes="8,big")
    with pytest.raises(HeepstorError, match="--suite networks"):
        bench.main("linear", sizes="8")


def test_unknown_suite_names_those_there_are():
    with pytest.raises(HeepstorError, match="networks, linear, host, all"):
        bench.main("convolutional")
