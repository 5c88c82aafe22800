"""Whether a configuration fits a device, estimated before any synthesis."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import config
from flows.config import boards
from flows.errors import HeepstorError
from flows.fpga import fit

ROOT = config.DEFAULT_PATH.parent


ULX3S = ROOT / boards.ULX3S.configuration


# A configuration that the estimate was not made from.
OTHER = (
    "engine.port_words=2,memory.banks=8,memory.bank_kib=16,engine.buffer_words=16384,"
    "engine.accumulator_depth=256"
)


# LUT4 and multipliers of a lane of the store path without residual and slope, mapped alone.
LANE = (2_210, 4)


# LUT4, multipliers and blocks of a lane's function unit, and of the choices around it.
FUNCTION = (1_150, 3, 2)


@pytest.mark.parametrize(
    ("device", "path", "overrides", "measured"),
    [
        ("85k", ULX3S, "", (51_884 + LANE[0], 69 + LANE[1], 82)),
        ("85k", ULX3S, "engine.array_size=8", (64_251 + LANE[0], 169 + LANE[1], 82)),
        ("85k", config.DEFAULT_PATH, "", (81_137, 193, 658)),
        ("85k", ULX3S, OTHER, (57_078, 77, 106)),
    ],
)
def test_the_estimate_is_what_was_measured(device, path, overrides, measured, tmp_path) -> None:
    """By Yosys and nextpnr's packer on 2026-11-21, without such lanes and without functions."""
    chosen = config.load(config.changed(path, overrides, tmp_path))
    found = fit.find(device).estimate(chosen).values()
    lanes = chosen.engine.port_words
    wanted = [value + lanes * each for value, each in zip(measured, FUNCTION, strict=True)]
    luts, *others = found
    assert luts == pytest.approx(wanted[0], rel=0.01)
    assert others == wanted[1:]


@pytest.mark.parametrize(
    ("size", "int8", "measured"),
    [
        (8, "true", (45_530, 148, 29, 40)),
        (8, "false", (40_920, 115, 13, 40)),
        (16, "true", (62_804, 375, 53, 48)),
        (16, "false", (54_213, 316, 21, 48)),
        (32, "true", (88_556, 1_143, 149, 32)),
    ],
)
def test_the_estimate_for_the_xczu7ev(size, int8, measured, tmp_path) -> None:
    """By Yosys on 2026-11-23; with more than 16 rows a few blocks less."""
    overrides = f"engine.array_size={size},engine.int8={int8}"
    chosen = config.load(config.changed(config.DEFAULT_PATH, overrides, tmp_path))
    luts, dsps, blocks, ultra = fit.find("xczu7ev").estimate(chosen).values()
    assert luts == pytest.approx(measured[0], rel=0.01)
    assert dsps == pytest.approx(measured[1], abs=1)
    assert blocks == pytest.approx(measured[2], abs=3)
    assert ultra == measured[3]


@pytest.mark.parametrize("board", boards.BOARDS)
def test_the_boards_configurations_fit(board: str) -> None:
    device = {"ulx3s": "85k", "zcu104": "xczu7ev"}[board]
    fit.check(config.load(ROOT / boards.BOARDS[board].configuration), fit.find(device))


@pytest.mark.parametrize(
    ("device", "path", "overrides", "message"),
    [
        ("85k", ULX3S, "memory.bank_kib=128", r"block RAM 18 Kibit: 276 needed, 208 available"),
        ("85k", ULX3S, "engine.array_size=8", r"multiplier 18 x 18: 176 needed"),
        ("85k", ULX3S, "engine.array_size=20", r"LUT4: 116,840 needed, 83,640 available"),
        ("xczu7ev", config.DEFAULT_PATH, "memory.bank_kib=512", r"UltraRAM: 136 needed, 96 avail"),
    ],
)
def test_what_is_too_large(device, path, overrides, message, tmp_path) -> None:
    chosen = config.load(config.changed(path, overrides, tmp_path))
    with pytest.raises(HeepstorError, match=f"{message}(.|\n)*the board's own configuration"):
        fit.check(chosen, fit.find(device))


def test_the_largest_array_fits_the_xczu7ev(tmp_path: Path) -> None:
    path = config.changed(config.DEFAULT_PATH, "engine.array_size=32", tmp_path)
    fit.check(config.load(path), fit.find("xczu7ev"))
