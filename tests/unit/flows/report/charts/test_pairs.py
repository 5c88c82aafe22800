"""Two bars for each layer of two builds."""

import pytest

from flows.report.charts import pairs
from flows.report.charts.bars import BAR_WIDTH
from flows.units import Unit
from tests.support.drawings import number, parsed, with_class, words
from tests.support.report_samples import branched, made

CYCLES = Unit("cycles", 1e8)


def test_layers_of_the_same_name_stand_together():
    shown = words(parsed(pairs.draw([made(), branched()], ["one", "other"], CYCLES)))
    assert shown.count("softmax") == 1, "both have it"
    both = shown[shown.index("softmax") :]
    assert both[: both.index("B")].count("A") == 1
    assert shown.count("fc1") == shown.count("stem") == 1
    assert "the rest" in shown[shown.index("softmax") :], "it comes last"


def test_all_bars_share_one_scale():
    slow, fast = branched(), made()
    slow["layers"][0]["cycles"] *= 3
    drawing = parsed(pairs.draw([slow, fast], ["slow", "fast"], CYCLES))
    widths = {}
    for segment in with_class(drawing, "cause"):
        y = number(segment, "y")
        widths[y] = widths.get(y, 0.0) + number(segment, "width")
    longest = max(layer["cycles"] or 0 for layer in slow["layers"])
    longest = max(longest, slow["other_cycles"], fast["layers"][0]["cycles"])
    cycles = sorted(width / BAR_WIDTH * longest for width in widths.values())
    expected = [
        layer["cycles"] for report in (slow, fast) for layer in report["layers"] if layer["cycles"]
    ]
    expected += [slow["other_cycles"], fast["other_cycles"]]
    assert cycles == pytest.approx(sorted(expected), rel=1e-2)
