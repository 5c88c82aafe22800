"""The flow for synthesis: nothing of an earlier build counts."""

from __future__ import annotations

from pathlib import Path

from edalize.flows.edaflow import Edaflow

from flows.edalize_flows.synthesis import Synthesis
from flows.synth.stage import DESIGN, PICTURE, SILICON, UTILIZATION


def test_everything_is_made_anew(tmp_path: Path, monkeypatch) -> None:
    """Copies of sources keep their times, by which make would go."""
    for name in (DESIGN, UTILIZATION, PICTURE, SILICON, "elaborate.ys"):
        (tmp_path / name).touch()
    found = []
    monkeypatch.setattr(Edaflow, "build", lambda flow: found.extend(tmp_path.iterdir()))
    flow = object.__new__(Synthesis)
    flow.work_root = str(tmp_path)
    flow.build()
    assert found == [tmp_path / "elaborate.ys"]


def test_the_device_is_an_option_of_the_flow() -> None:
    assert set(Synthesis.get_tool_options({})) == {"device"}
