"""What identifies a recipe, and what it writes for Yosys."""

from dataclasses import replace

import pytest

from flows.synth.recipe import Recipe


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "cells").write_text("cells")
    return Recipe("script", {"cells.lib": tmp_path / "cells"}, {"map.v": "text"}, 64)


@pytest.mark.parametrize(
    "change",
    [{"script": "other"}, {"texts": {"map.v": "other"}}, {"largest_memory": 8}, {"files": {}}],
)
def test_every_part_counts(recipe, change):
    assert replace(recipe, **change).key() != recipe.key()


def test_a_file_counts_by_its_content(recipe, tmp_path):
    before = recipe.key()
    (tmp_path / "cells").write_text("other cells")
    assert recipe.key() != before


def test_all_that_the_script_reads_is_written(recipe, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    recipe.write(work)
    found = {path.name: path.read_text() for path in work.iterdir()}
    assert found == {"cells.lib": "cells", "map.v": "text", "map.ys": "script"}
