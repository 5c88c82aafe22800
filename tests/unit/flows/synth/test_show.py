"""The table of a synthesis."""

import json

from flows.synth import devices, show
from flows.synth.__main__ import utilization
from tests.support.elaborated import soc


def test_table_has_shares_and_counts_equal_instances(capsys):
    from flows.terminal.tables import console

    result = json.loads(json.dumps(utilization(soc(8), devices.find("XCZU7EV"))))
    show.print_result(result, console(120))
    printed = capsys.readouterr().out
    assert "e0 (x 64)" in printed
    assert "3.7 %" in printed, "64 of 1,728 DSPs"
    assert "40 x 40 (a larger one would lack DSP)" in printed
