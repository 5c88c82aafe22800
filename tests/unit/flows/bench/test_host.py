"""The suite of the host's side."""

import pytest

from flows import bench
from flows.bench import host
from flows.errors import HeepstorError


def test_slow_builds_are_missed():
    def figures(seconds):
        return {"builds": [{"project": "cifar10-conv2d", "seconds": seconds}]}

    assert host.missed(figures(15.0)) == []
    (line,) = host.missed(figures(15.2))
    assert "cifar10-conv2d: 15.2 s, at most 15 s" in line


def test_failed_builds_show_their_end(tmp_path, monkeypatch):
    monkeypatch.setattr(host, "PROJECT", "none-such")
    with pytest.raises(HeepstorError, match="there is no project 'none-such'"):
        host._build(bench.ROOT, bench.ROOT / "heepstor_cfg.hjson")
