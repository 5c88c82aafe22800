"""The task's arguments, and which suites it runs."""

import json
import sys
import types

import pytest

from flows import bench
from flows.errors import HeepstorError


@pytest.fixture
def suites(monkeypatch, tmp_path):
    """Three suites; the second misses a goal. What they were run with."""
    calls = []
    for name, lines in (("networks", []), ("linear", ["too slow"]), ("mlperf", [])):
        module = types.ModuleType(f"suite_{name}")
        module.run = lambda bench, name=name, **choice: calls.append((name, choice)) or {"is": name}
        module.show = lambda figures: print(f"table of {figures['is']}")
        module.missed = lambda figures, lines=lines: lines
        monkeypatch.setitem(sys.modules, module.__name__, module)
    names = ("networks", "linear", "mlperf")
    monkeypatch.setattr(bench, "SUITES", {name: f"suite_{name}" for name in names})
    monkeypatch.setattr("flows.bench.runner.Bench.__init__", prepare)
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    return calls


def prepare(self, root, path, terminal):
    self.folder = root


def test_all_suites_run_in_order(suites, tmp_path, capsys):
    assert bench.main("all") == 1
    assert suites == [("networks", {}), ("linear", {}), ("mlperf", {})]
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


def test_one_suite_takes_ports(suites):
    assert bench.main("mlperf", sizes="16", ports="4, 8") == 0
    assert suites == [("mlperf", {"sizes": [16], "only": [], "ports": [4, 8]})]
    with pytest.raises(HeepstorError, match="--ports applies only to --suite mlperf"):
        bench.main("networks", ports="8")
    with pytest.raises(HeepstorError, match="--ports is 'wide'"):
        bench.main("mlperf", ports="wide")


def test_wrong_sizes_are_refused(suites):
    with pytest.raises(HeepstorError, match="--sizes is 'big'"):
        bench.main(sizes="8,big")
    with pytest.raises(HeepstorError, match="--suite networks, zoo, mlperf"):
        bench.main("linear", sizes="8")


def test_unknown_suite_names_those_there_are():
    with pytest.raises(HeepstorError, match="networks, linear, kernels, host, zoo, mlperf, all"):
        bench.main("convolutional")
