"""The suite of the zoo: what it measures, its goals, its table."""

import io
import re

import pytest
import torch
from rich.console import Console

from flows.bench import ROOT, zoo
from flows.bench.runner import measurement
from flows.errors import HeepstorError
from tests.support.measured import MODEL, RUN, SIZE, STATISTICS
from tests.zoo import BY_NAME


class Bench:
    """Returns the same figures for every network."""

    root = ROOT

    def __init__(self):
        self.calls = []

    def with_banks(self, bank_kib):
        assert bank_kib == 16_384
        return self

    def network(self, project, array_size, *, random_weights):
        assert not random_weights
        self.calls.append((project.name, array_size))
        return measurement(array_size, RUN, MODEL, SIZE, STATISTICS)


def figures(name, share):
    return {"name": name, "array_size": 8, "cpu_share": share, "dense_ratio": 1.5}


def test_every_chosen_network_is_measured_at_every_size():
    bench = Bench()
    rows = zoo.run(bench, (8, 12), ["gru", "m5"])["networks"]
    assert bench.calls == [("gru", 8), ("gru", 12), ("m5", 8), ("m5", 12)]
    assert rows[0]["parameters"] == 15_372 and rows[2]["parameters"] == 26_915
    assert rows[0]["cpu_share"] == RUN.cpu[2] / RUN.cycles
    assert rows[0]["cycles"] == RUN.cycles


def test_unknown_networks_are_refused():
    with pytest.raises(HeepstorError, match=r"no network 'lenet'.*alexnet"):
        zoo.run(Bench(), only=["lenet"])


def test_goals_are_for_networks_of_the_zoo():
    assert set(zoo.EXCITED + zoo.CONVOLUTIONAL) <= set(BY_NAME)
    assert zoo.goal("efficientnet-b0") == 0.25 and zoo.goal("squeezenet") == 0.1
    assert zoo.goal("transformer") is None


def test_too_much_work_of_the_cpu_misses_the_goal():
    fine = [figures("squeezenet", 0.1), figures("mobilenetv3-small", 0.25), figures("gru", 1.0)]
    assert zoo.missed({"networks": fine}) == []
    (line,) = zoo.missed({"networks": [*fine, figures("vgg11", 0.101)]})
    assert line == "vgg11 at S = 8: the CPU takes 10.1% of the cycles, at most 10%"


def test_cycles_besides_those_of_depthwise_layers_have_a_goal():
    row = {**figures("mobilenetv2", 0.0), "array_size": 16}
    assert zoo.missed({"networks": [{**row, "dense_ratio": 1.25}]}) == []
    (line,) = zoo.missed({"networks": [row]})
    assert line == (
        "mobilenetv2 at S = 16: without what depthwise layers need, 1.50 times the limit, "
        "at most 1.25"
    )


def test_table_fits_a_terminal_of_100_columns():
    rows = zoo.run(Bench(), (8,), ["mobilenetv3-small"])["networks"]
    output = io.StringIO()
    Console(file=output, width=100).print(zoo.table(rows))
    cells = output.getvalue().splitlines()[-2].split()
    assert cells[:4] == ["mobilenetv3-small", "1,528,106", "12,501,632", "8"]
    (row,) = rows
    assert cells[4:6] == [f"{RUN.cycles:,}", f"{RUN.cpu[2] / RUN.cycles:.1%}"]
    assert cells[6:8] == [f"{row['limit']:,.0f}", f"{row['ratio']:.2f}"]
    assert row["dense_ratio"] == (RUN.cycles - row["depthwise"]) / row["limit"]
    assert cells[8:] == [f"{row['depthwise']:,.0f}", f"{row['dense_ratio']:.2f}"]


def test_the_table_of_the_documentation_has_every_network():
    text = (ROOT / "docs" / "benchmarks.md").read_text()
    rows = re.findall(r"^\| `(.*)` \| .* \| (\S*)(?:, batch (\d+))? \| ([\d,]+) \|$", text, re.M)
    listed = {name: (shape, int(batch or 1), count) for name, shape, batch, count in rows}
    with torch.device("meta"):
        assert {name: listed.get(name) for name in BY_NAME} == {
            name: (
                "x".join(map(str, network.shape)),
                network.batch,
                f"{zoo.parameters(network):,}",
            )
            for name, network in BY_NAME.items()
        }
