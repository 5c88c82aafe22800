"""Tables of networks on a terminal."""

import io

from rich.console import Console

from flows.bench import network_tables, networks
from tests.support.measured import resnet8


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
    assert "GAP9: 8 x RV32 and NE16" in printed and "52,600 (4.3)" in printed
    assert "vgg6" not in printed
    assert "CPU  " in printed and "descr." in printed and "+1.7%" in printed


def test_large_figures_fit_a_terminal_of_100_columns():
    row = resnet8(name="bench-fmnist-medium", limit=610_818.0, cycles=616_358)
    figures = dict.fromkeys(row["layers"][0], 147_456)
    row["layers"] = [{**figures, "name": "25", "op": "average pool 25x5", "place": "engine"}]
    output = io.StringIO()
    Console(file=output, width=100).print(network_tables.layers_table([row]))
    assert "…" not in output.getvalue()
