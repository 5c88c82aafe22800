"""The findings about a model, on a terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from flows import config
from flows.report import check
from flows.terminal.progress import Terminal


def findings(**memory: int) -> dict:
    layers = [
        {
            "name": name,
            "label": name,
            "place": place,
            "reason": reason,
            "op": "an operator",
            "shape": "1 x 8",
            "macs": macs,
            "predicted_cycles": cycles,
        }
        for name, place, reason, macs, cycles in (
            *((f"fc{i}", "engine", "matrix product", 1000, 100) for i in range(6)),
            ("odd", "cpu", "the engine does not support odd", 0, None),
        )
    ]
    sizes = {
        "parts": {"weights": 2048, "constants": 0, "code": 1024},
        "total": 3072,
        "available": 8 * 4096,
        "arena": 0,
        "arena_available": None,
        "buffer_words": 256,
        "buffer_words_available": 256,
    }
    total = {"macs": 6000, "predicted_cycles": 600, "unpredicted": ["odd"]}
    return {"problems": [], "layers": layers, "memory": {**sizes, **memory}, "total": total}


def shown(found: dict) -> str:
    stream = io.StringIO()
    check.show(found, config.load(), Terminal(stream))
    return stream.getvalue()


def test_numbers_are_never_cut() -> None:
    found = findings()
    long = {"label": 40 * "a", "op": 40 * "b", "shape": 40 * "c", "macs": 1_234_567_890}
    found["layers"].append({**found["layers"][0], **long, "predicted_cycles": 123_456_789})
    found["total"] = {"macs": 9, "predicted_cycles": 1_123_456_789, "unpredicted": []}
    text = shown(found)
    assert "1,234,567,890" in text and "  1,123,456,789" in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_model_that_can_be_built() -> None:
    text = shown(findings())
    assert check.obstacles(findings(), config.load()) == []
    for part in (
        "odd    cpu     an operator  1 x 8         unknown",
        "  engine, fc0, fc1, fc2, fc3 and 2 more: matrix product.",
        "  cpu, odd: the engine does not support odd.",
        "a lower bound: there is no estimate for odd on the CPU",
        "about 3.0 KiB of 32.0 KiB; code is an estimate:\n             weights 2.0 KiB, code 1.0",
        "The model can be built.",
    ):
        assert part in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("memory", "parts"),
    [
        ({"total": 40_000}, ("are missing", "Large enough: --set memory.bank_kib=8")),
        ({"total": 1 << 40}, ("No memory that can be configured",)),
        ({"arena": 99, "arena_available": 9}, ("The arena has 9 B", "--set arena_kib=auto")),
        ({"buffer_words": 512}, ("--set engine.buffer_words=512",)),
    ],
)
def test_memory_that_does_not_suffice(memory: dict, parts: tuple[str, ...]) -> None:
    text = shown(findings(**memory))
    for part in parts:
        assert part in text
    assert "fc0" in text, "the rest is shown all the same"
    assert "can be built" not in text


def test_all_problems(tmp_path: Path) -> None:
    problems = [{"message": "Layer 'a' is odd."}, {"message": "Layer 'b' is odd."}]
    found = {"problems": problems, "layers": [], "memory": None, "total": None}
    (tmp_path / check.FILE).write_text(json.dumps(found))
    assert check.read(tmp_path) == found
    assert shown(found).split("\n")[1:3] == ["Layer 'a' is odd.", "Layer 'b' is odd."]
