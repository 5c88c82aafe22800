"""Downloads: mirrors and checksums."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from modelgen.workload.data.download import DownloadError, download
from tests.support.file_server import serve
from tests.support.idx_files import NOWHERE


def test_download_takes_the_first_good_mirror(tmp_path: Path) -> None:
    root = tmp_path / "served"
    for mirror, content in (("bad", b"something else"), ("good", b"content")):
        (root / mirror).mkdir(parents=True)
        (root / mirror / "file.gz").write_bytes(content)
    target = tmp_path / "kept" / "file.gz"
    with serve(root) as url:
        mirrors = [*NOWHERE, f"{url}/missing", f"{url}/bad/", f"{url}/good"]
        download("file.gz", hashlib.sha256(b"content").hexdigest(), mirrors, target)
    assert target.read_bytes() == b"content"
    assert [path.name for path in target.parent.iterdir()] == ["file.gz"]


def test_download_says_why_each_mirror_failed(tmp_path: Path) -> None:
    root = tmp_path / "served"
    root.mkdir()
    (root / "file.gz").write_bytes(b"something else")
    target = tmp_path / "kept" / "file.gz"
    with serve(root) as url:
        match = r"file\.gz .*refused.*wrong checksum"
        with pytest.raises(DownloadError, match=match):
            download("file.gz", "0" * 64, [*NOWHERE, url], target)
    assert not target.exists()
