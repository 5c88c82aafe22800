"""The flow for Vivado: when it makes a bitstream, and which it programs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from edalize.flows.vivado import Vivado

from flows.edalize_flows.bitstream import Bitstream
from flows.fpga import record, vivado


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Bitstream]:
    """Where Vivado is; what Edalize's flow for it has run."""
    found: list[Bitstream] = []
    monkeypatch.setattr(Vivado, "run", lambda flow: found.append(flow))
    monkeypatch.setattr(vivado, "require", lambda: tmp_path / "bin" / "vivado")
    monkeypatch.setenv("PATH", "/usr/bin")
    return found


def flow(folder: Path, **options: object) -> Bitstream:
    made = object.__new__(Bitstream)
    made.work_root, made.flow_options = str(folder), options
    return made


def test_a_board_is_programmed_only_where_that_is_asked_for(ran, tmp_path) -> None:
    flow(tmp_path).run()
    assert ran == []


def test_a_stale_bitstream_is_not_programmed(ran, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(record, "why_stale", lambda folder: "a.sv changed")
    with pytest.raises(RuntimeError, match=r"is not programmed: a\.sv changed.*Build it first"):
        flow(tmp_path, pgm="vivado").run()
    assert ran == []


def test_a_current_one_is(ran, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(record, "why_stale", lambda folder: None)
    made = flow(tmp_path, pgm="vivado")
    made.run()
    assert ran == [made]


def test_vivado_is_found_by_make_as_well(ran, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(vivado, "version", lambda program: "2023.2")
    assert flow(tmp_path).programs() == "Vivado 2023.2"
    assert os.environ["PATH"] == f"{tmp_path}/bin:/usr/bin"


def test_vivado_s_own_record_of_runs_is_cleared(tmp_path) -> None:
    products = set(flow(tmp_path).products("soc"))
    assert {"soc.xpr", "soc.runs", "soc.cache"} <= products and "soc.bit" not in products


def test_without_placement_there_is_no_bitstream(tmp_path) -> None:
    assert flow(tmp_path).makes_bitstream()
    assert not flow(tmp_path, pnr="none").makes_bitstream()
