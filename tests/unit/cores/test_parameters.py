"""Defaults of RTL parameters: those of the default configuration, the same in every module."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from flows import config
from flows.config.writers import constants
from flows.repository import ROOT

# Names of each module's own sizes, which differ by purpose.
OWN = {"Width", "Depth", "Words", "Stages"}
PARAMETER = re.compile(
    r"^\s*parameter\s+(?:int\s+unsigned|logic\s*\[31:0\])\s+(\w+)\s*=\s*([\w']+)", re.M
)
LITERAL = re.compile(r"(?:\d+'(?P<base>[hdb]))?(?P<digits>[0-9a-fA-F_]+)")
BASES = {"h": 16, "d": 10, "b": 2, None: 10}


def number(text: str) -> int | None:
    """The value of a literal; None for anything else."""
    found = LITERAL.fullmatch(text)
    return int(found["digits"].replace("_", ""), BASES[found["base"]]) if found else None


def defaults() -> dict[str, dict[str, int]]:
    """Every parameter's default in each file of cores/ that has it."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for path in sorted(ROOT.glob("cores/**/*.sv")):
        for name, text in PARAMETER.findall(path.read_text()):
            if (value := number(text)) is not None:
                found[name][relative(path)] = value
    for path in sorted(ROOT.glob("cores/**/*.core")):
        declared = yaml.safe_load(path.read_text()).get("parameters", {})
        for name, parameter in declared.items():
            if parameter["paramtype"] == "vlogparam":
                found[name][relative(path)] = parameter["default"]
    return found


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def configured() -> dict[str, int]:
    """What the default configuration says of parameters, by their names."""
    default = config.load(config.DEFAULT_PATH)
    values = {constant.name: constant.value for constant in constants(default)}
    # The hash of no configuration.
    del values["ConfigHash"]
    return values | {
        "Banks": values["MemoryBanks"],
        "BankWords": values["MemoryBytes"] // values["MemoryBanks"] // 4,
        "BeatBytes": 4 * values["PortWords"],
        "BufferWidth": values["BufferWords"].bit_length() - 1,
        "EntryWidth": values["AccumulatorDepth"].bit_length() - 1,
        "Divider": values["UartDivider"],
        "FifoDepth": values["UartFifoDepth"],
        "PeripheralBytes": config.REGION_BYTES,
    }


DEFAULTS = defaults()


@pytest.mark.parametrize("name", sorted(DEFAULTS.keys() - OWN))
def test_a_parameter_has_one_default(name: str) -> None:
    assert len(set(DEFAULTS[name].values())) == 1, DEFAULTS[name]


@pytest.mark.parametrize("name", sorted(DEFAULTS.keys() & configured().keys()))
def test_defaults_are_those_of_the_configuration(name: str) -> None:
    expected = configured()[name]
    assert {path: value for path, value in DEFAULTS[name].items() if value != expected} == {}


def test_the_sizes_of_the_engine_are_among_them() -> None:
    """None is overlooked, however a module lays its parameters out."""
    sizes = {"ArraySize", "PortWords", "BufferWords", "AccumulatorDepth", "MemoryBytes"}
    for name in sizes:
        pattern = re.compile(rf"\bparameter\b[^;\n]*\b{name}\s*=")
        files = {
            relative(path)
            for path in ROOT.glob("cores/**/*.sv")
            if pattern.search(path.read_text())
        }
        assert files <= DEFAULTS[name].keys(), name
