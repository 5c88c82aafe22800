"""Knobs that make a configuration large enough for a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.config import KNOBS, Config

_BANK_STEP_KIB = 4


def remedies(config: Config, memory: Mapping[str, Any]) -> dict[str, str]:
    """Return the knobs to change, with their values; empty if the configuration suffices.

    Args:
        config: the configuration.
        memory: what a model needs, and what there is: "memory" in check.json.
    """
    knobs: dict[str, str] = {}
    if memory["total"] > memory["available"]:
        knobs |= _larger_memory(config, memory["total"])
    if memory["arena_available"] is not None and memory["arena"] > memory["arena_available"]:
        knobs["arena_kib"] = "auto"
    if memory["buffer_words"] > memory["buffer_words_available"]:
        knobs["engine.buffer_words"] = str(memory["buffer_words"])
    return knobs


def _larger_memory(config: Config, needed: int) -> dict[str, str]:
    """Return the memory's knobs for a size in bytes: larger banks, or else also more of them."""
    allowed = {name: KNOBS[f"memory.{name}"].allowed for name in ("banks", "bank_kib")}
    banks = config.memory.banks
    while banks in allowed["banks"]:
        kib = -(-needed // (banks * 1024 * _BANK_STEP_KIB)) * _BANK_STEP_KIB
        if kib in allowed["bank_kib"]:
            more = {} if banks == config.memory.banks else {"memory.banks": str(banks)}
            return {**more, "memory.bank_kib": str(kib)}
        banks *= 2
    return {}
