"""Standard cells: their areas, what is missing, and what results depend on."""

from dataclasses import replace

import pytest

from flows.errors import HeepstorError
from flows.synth.silicon.technology import OSU018
from flows.system import tools
from tests.support.small_cells import technology


def test_areas_are_the_sizes_of_the_layout(tmp_path):
    assert technology(tmp_path).areas == {"INV": 15.0, "DFF": 90.0}


def test_what_is_missing_is_named_with_its_package(tmp_path, monkeypatch):
    monkeypatch.setattr(tools, "package_manager", lambda: "apt-get")
    lacking = tools.SystemFile("cells", (str(tmp_path / "none"),), "it", {"apt-get": "the-cells"})
    with pytest.raises(HeepstorError, match=r"small is not possible(.|\n)*install the-cells"):
        replace(technology(tmp_path), tools=(lacking,)).require()
    technology(tmp_path).require()


def test_the_recipe_follows_the_cells(tmp_path):
    cells = technology(tmp_path)
    before = cells.recipe().key()
    assert cells.recipe().largest_memory == 64
    cells.liberty.write_text("other")
    assert cells.recipe().key() != before


def test_the_version_has_files_and_opensta(tmp_path, monkeypatch):
    program = tmp_path / "sta"
    program.write_text("#!/bin/sh\necho 9.9\n")
    program.chmod(0o755)
    monkeypatch.setattr(tools, "OPENSTA", replace(tools.OPENSTA, commands=(str(program),)))
    cells = technology(tmp_path)
    before = cells.version()
    assert before.endswith(" 9.9")
    cells.lef.write_text("other")
    assert cells.version() != before


def test_what_figures_are_called():
    assert "180 nm" in OSU018.label
    assert "before layout" in OSU018.label
