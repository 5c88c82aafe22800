"""Devices by name."""

import pytest

from flows.errors import HeepstorError
from flows.synth import devices


def test_unknown_device_names_the_known():
    with pytest.raises(HeepstorError, match="xczu7ev"):
        devices.find("virtex")


def test_names_are_found_however_they_are_written():
    assert devices.find("XCZU7EV") is devices.find("xczu7ev")
    assert devices.find("XCZU7EV").holds.dsp == 1728
