"""Knobs that make a configuration large enough."""

from __future__ import annotations

import dataclasses

import pytest

from flows import config
from flows.config.remedies import remedies

ENOUGH = {
    "total": 1000,
    "available": 4096,
    "arena": 100,
    "arena_available": None,
    "buffer_words": 256,
    "buffer_words_available": 256,
}


@pytest.mark.parametrize(
    ("lacking", "knobs"),
    [
        ({}, {}),
        ({"total": 4096}, {}),
        # 8 banks.
        ({"total": 1024 * 1024 + 1, "available": 1024 * 1024}, {"memory.bank_kib": "132"}),
        (
            {"total": 200 * 1024 * 1024, "available": 1024 * 1024},
            {"memory.banks": "16", "memory.bank_kib": "12800"},
        ),
        ({"total": 1 << 40}, {}),
        ({"arena_available": 100}, {}),
        ({"arena_available": 99}, {"arena_kib": "auto"}),
        ({"buffer_words": 1024}, {"engine.buffer_words": "1024"}),
    ],
)
def test_remedies(lacking: dict, knobs: dict) -> None:
    found = config.load()
    assert found.memory.banks == 8
    assert remedies(found, ENOUGH | lacking) == knobs


def test_the_knobs_are_valid_and_enough(tmp_path) -> None:
    total = 5_000_000
    before = config.load()
    knobs = remedies(before, ENOUGH | {"total": total})
    text = ",".join(f"{name}={value}" for name, value in knobs.items())
    path = config.changed(config.DEFAULT_PATH, text, tmp_path)
    assert total <= config.load(path).memory.bytes < total + 8 * 4096 + 1
    assert dataclasses.replace(config.load(path), memory=before.memory) == before
