"""Files are written whole, or not at all."""

from __future__ import annotations

import pytest

from flows.system.files import write_whole


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "new folder" / "file"
    write_whole(target, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(target, "new \udcff")
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]
