"""The flow for simulators: what it goes on from."""

from __future__ import annotations

import contextlib

import pytest
from edalize.flows.sim import Sim

from flows.edalize_flows.simulation import Simulation


def test_the_flow_goes_on_only_from_a_build_that_succeeded(tmp_path, monkeypatch):
    """That is Edalize's, below what this repository calls; `fusesoc run` alone takes it too."""
    makefile = tmp_path / "Vtop.mk"
    found = []

    def end(error):
        def build(flow):
            found.append(makefile.exists())
            makefile.touch()
            if error:
                raise error

        return build

    flow = object.__new__(Simulation)
    flow.work_root = str(tmp_path)
    for error in (RuntimeError("refused"), RuntimeError("refused"), None, None):
        monkeypatch.setattr(Sim, "build", end(error))
        with pytest.raises(RuntimeError) if error else contextlib.nullcontext():
            flow.build()
    assert found == [False, False, False, True]
