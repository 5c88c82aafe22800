"""Devices by name."""

import pytest

from flows.errors import HeepstorError
from flows.synth import devices


def test_unknown_device_names_the_known():
    with pytest.raises(HeepstorError, match="xczu7ev"):
        devices.find("virtex")
