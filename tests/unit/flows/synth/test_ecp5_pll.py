"""The PLL of an ECP5."""

import re
from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.synth import ecp5_pll


@pytest.mark.parametrize("hertz", [10_000_000, 25_000_000, 100_000_000])
def test_pll_makes_the_configured_clock(tmp_path, monkeypatch, hertz):
    monkeypatch.chdir(tmp_path)
    ecp5_pll.write(25_000_000, hertz, "pll", "pll.v")
    text = Path("pll.v").read_text()
    value = {name: int(n) for name, n in re.findall(r"\.(CLK\w+_DIV)\((\d+)\)", text)}
    # The feedback is the output: it is the input by CLKI_DIV, times CLKFB_DIV.
    assert 25_000_000 * value["CLKFB_DIV"] == hertz * value["CLKI_DIV"]
    vco = hertz * value["CLKOP_DIV"]
    assert 400e6 <= vco <= 800e6, "the range of the ECP5's oscillator (FPGA-DS-02012)"
    assert re.search(r"^module pll$", text, re.MULTILINE)


def test_clock_that_no_pll_makes_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HeepstorError, match="clock_hz"):
        ecp5_pll.write(25_000_000, 12_345_678, "pll", "pll.v")
