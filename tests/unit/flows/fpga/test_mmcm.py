"""The MMCM's settings: exact where they can be, inside of the data sheet's limits, or refused."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.errors import HeepstorError
from flows.fpga import mmcm

BOARD_HZ = 125_000_000


def test_the_default_clock_is_exact():
    settings = mmcm.choose(BOARD_HZ, 100_000_000)
    assert settings == mmcm.Mmcm(BOARD_HZ, 1, Fraction(12), Fraction(15))
    assert settings.output_hz == 100_000_000


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (6_250_000, 0),
        (50_000_000, 0),
        (80_000_000, 0),
        (125_000_000, 0),
        (300_000_000, 0),
        (775_000_000, 0),
        (33_333_333, 1e-7),
        (14_745_600, 1e-6),
    ],
)
def test_clocks_that_can_be_made(wanted, error):
    assert mmcm.choose(BOARD_HZ, wanted).error(wanted) <= error


@settings(max_examples=30, deadline=None)
@given(st.integers(*mmcm.OUTPUT_HZ))
def test_settings_are_inside_of_the_limits_or_refused(wanted):
    try:
        chosen = mmcm.choose(BOARD_HZ, wanted)
    except HeepstorError as error:
        assert "nearest" in str(error)
        return
    assert mmcm.OSCILLATOR_HZ[0] <= chosen.oscillator_hz <= mmcm.OSCILLATOR_HZ[1]
    detector = Fraction(BOARD_HZ, chosen.divide)
    assert mmcm.PHASE_DETECTOR_HZ[0] <= detector <= mmcm.PHASE_DETECTOR_HZ[1]
    assert 1 <= chosen.divide <= 106
    for factor in (chosen.multiply, chosen.output_divide):
        assert 2 <= factor <= 128
        assert (factor * 8).denominator == 1
    assert chosen.error(wanted) <= mmcm.TOLERANCE


@pytest.mark.parametrize("wanted", [1_000_000, 6_249_999, 775_000_001, 1_000_000_000])
def test_a_clock_out_of_range_is_refused_with_the_range(wanted):
    with pytest.raises(HeepstorError, match=f"clock_hz is {wanted}.*6250000 to 775000000 Hz"):
        mmcm.choose(BOARD_HZ, wanted)


def test_a_clock_between_two_that_can_be_made_is_refused_with_the_nearest():
    """Near the upper end the output divider has steps of a sixteenth."""
    wanted = next(hz for hz in range(770_000_000, 740_000_000, -10_000) if _is_refused(hz))
    with pytest.raises(HeepstorError, match=r"nearest frequency it can is (\d+)") as caught:
        mmcm.choose(BOARD_HZ, wanted)
    nearest = int(str(caught.value).rsplit(" ", 1)[1])
    assert not _is_refused(nearest)
    assert abs(nearest / wanted - 1) > mmcm.TOLERANCE


def _is_refused(hz):
    try:
        mmcm.choose(BOARD_HZ, hz)
    except HeepstorError:
        return True
    return False


def test_the_package(tmp_path):
    path = tmp_path / "clock_pkg.sv"
    mmcm.write_package(mmcm.choose(BOARD_HZ, 80_000_000), "clock_pkg", path)
    text = path.read_text()
    for line in (
        "package clock_pkg;",
        "localparam real InputPeriodNs = 8.000;",
        "localparam int unsigned Divide = 1;",
        "localparam real Multiply = 12.000;",
        "localparam real OutputDivide = 18.750;",
    ):
        assert line in text, text
