"""The table of a synthesis."""

import json

from flows.synth import devices, show
from flows.synth.__main__ import utilization
from tests.support.elaborated import end, soc, timing


def test_table_has_shares_and_counts_equal_instances(capsys):
    from flows.terminal.tables import console

    result = json.loads(json.dumps(utilization(soc(8), devices.find("XCZU7EV"), timing())))
    show.print_result(result, console(120))
    printed = capsys.readouterr().out
    assert "e0 (x 64)" in printed
    assert "3.7 %" in printed, "64 of 1,728 DSPs"
    assert "40 x 40 (a larger one would lack DSP)" in printed


def test_a_divided_clock_is_shown_with_the_divider_that_it_allows():
    shown = timing()
    assert show.divided_clock(utilization(soc(8), devices.find("xczu7ev"), timing())) == ""
    path = {**shown["paths"][0], "nanoseconds": 17.0, "levels": 30}
    shown["divided"] = {"nanoseconds": 17.0, "mhz": 58.8, "paths": [path]}
    sentence = show.divided_clock(utilization(soc(8), devices.find("xczu7ev"), shown))
    assert "17.0 ns (59 MHz), 30 levels, from accumulators.a_q" in sentence
    assert sentence.endswith("divided by 3."), "17 ns are more than two cycles of 8 ns"


def test_the_slowest_path_into_each_module_is_shown_with_its_ends(capsys):
    from flows.terminal.tables import console

    shown = timing()
    first, later = shown["paths"][0], {**shown["paths"][0], "nanoseconds": 6.0}
    other = {**first, "nanoseconds": 5.0, "to": end("timer", "count_q")}
    shown["paths"] = [first, later, other]
    result = utilization(soc(8), devices.find("xczu7ev"), shown)
    console(120).print(show.timing(result))
    printed = capsys.readouterr().out
    assert "8.0 ns (125 MHz), 12 levels" in printed
    rows = [line for line in printed.splitlines() if "accumulators.a_q" in line]
    assert [row.split()[:3] for row in rows] == [
        ["activation_buffer", "8.0", "11"],
        ["timer", "5.0", "11"],
    ]
    assert "(activation_buffer.sv:7)" in printed
