"""Benchmarks: measured on the RTL, compared with the stated goals and with published figures."""

from __future__ import annotations

import importlib
import json as jsonlib
import sys
from pathlib import Path

from flows import config as configuration
from flows.errors import HeepstorError
from flows.pipeline import user_path
from flows.progress import Terminal

ROOT = Path(__file__).resolve().parents[2]

SUITES = {"linear": "flows.bench.linear"}
"""Name of a suite -> module with run(bench) -> figures, show(figures) and missed(figures)."""


def main(suite: str, json: bool = False, config: str | None = None) -> int:
    """Runs a suite, writes build/bench/<suite>.json, prints tables or the same JSON.

    Returns 0 if every goal was reached, 1 otherwise. Raises HeepstorError if the suite is unknown
    or a program's outputs are not what they must be.
    """
    if suite not in SUITES:
        raise HeepstorError(f"there is no suite {suite!r}. There are: {', '.join(SUITES)}.")
    module = importlib.import_module(SUITES[suite])
    from flows.bench.runner import Bench

    path = user_path(config) if config else configuration.DEFAULT_PATH
    bench = Bench(ROOT, path, Terminal(sys.stderr if json else sys.stdout))
    figures = module.run(bench)
    target = bench.folder / f"{suite}.json"
    target.write_text(jsonlib.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if json:
        print(jsonlib.dumps(figures, indent=1))
    else:
        module.show(figures)
        print(f"The same as JSON: {target.relative_to(ROOT)}")
    missed = module.missed(figures)
    for line in missed:
        print(f"Goal missed: {line}", file=sys.stderr)
    return 1 if missed else 0
