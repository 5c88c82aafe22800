"""The guard of the flows that make bitstreams."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flows import config
from flows.config import boards
from flows.fpga import record
from flows.fpga.guarded import Guarded

ROOT = config.DEFAULT_PATH.parent


class Tools:
    """Edalize, whose programs make a bitstream of anything."""

    def build(self) -> None:
        record.bitstream_file(Path(self.work_root)).write_text("bits")


class Flow(Guarded, Tools):
    """The flow of a board's target, on a work folder that has nothing but the configuration."""

    def __init__(self, board: str, configuration: Path, work: Path) -> None:
        system = (ROOT / "heepstor.core").read_text(encoding="utf-8").removeprefix("CAPI=2:")
        options = yaml.safe_load(system)["targets"][board]["flow_options"]
        self._device = options.get("part") or options["device"]
        self.work_root = str(work)
        config.write_json(config.load(configuration), work / "heepstor_config.json")
        files = [{"name": "heepstor_config.json", "file_type": "user"}]
        (work / "project.eda.yml").write_text(yaml.safe_dump({"files": files}))

    def device(self) -> str:
        return self._device

    def programs(self) -> str:
        return "no program"

    def products(self, project: str) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize("board", boards.BOARDS)
def test_every_boards_flow_refuses_what_cannot_fit(board: str, tmp_path: Path) -> None:
    """Before any program is run; what fits is built."""
    own = ROOT / boards.BOARDS[board].configuration
    too_large = config.changed(own, "memory.bank_kib=512", tmp_path)
    with pytest.raises(RuntimeError, match="does not fit the"):
        Flow(board, too_large, tmp_path).build()
    assert not (tmp_path / "project.bit").exists()
    Flow(board, own, tmp_path).build()
    assert (tmp_path / "project.bit").exists()
