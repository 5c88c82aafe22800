"""Benchmarks on the RTL, compared with the stated goals and with published figures."""

from __future__ import annotations

import importlib
import json as jsonlib
import sys
from collections.abc import Sequence

from flows import config as configuration
from flows.errors import HeepstorError
from flows.repository import ROOT, shown
from flows.terminal.arguments import user_path, whole_number
from flows.terminal.progress import Terminal

SUITES = {
    "networks": "flows.bench.networks",
    "linear": "flows.bench.linear",
    "kernels": "flows.bench.kernels",
    "host": "flows.bench.host",
    "zoo": "flows.bench.zoo",
    "mlperf": "flows.bench.mlperf",
}
"""Name of a suite -> module with run(bench) -> figures, show(figures) and missed(figures)."""
ALL = "all"
CHOOSE = ("networks", "zoo", "mlperf")
"""The suites that take array sizes and names of networks."""
PORTS = ("mlperf",)
"""Those that also take widths of the memory port."""


def main(
    suite: str = "networks",
    json: bool = False,
    config: str | None = None,
    sizes: str = "",
    only: str = "",
    ports: str = "",
) -> int:
    """Run a suite, write build/bench/<suite>.json, and print tables or the same JSON.

    Args:
        suite: its name, or "all".
        json: print JSON on stdout, everything else on stderr.
        config: file with the hardware configuration, of which the suites replace the array size.
        sizes: array sizes, such as "4,8"; suites of networks only.
        only: names of networks, separated by commas; suites of networks only.
        ports: words that the memory port moves in a cycle, such as "4,8"; suite mlperf only.

    Returns:
        0 if every goal was reached, 1 otherwise.

    Raises:
        HeepstorError: an argument is invalid, or a program's outputs are wrong.
    """
    if suite != ALL and suite not in SUITES:
        known = ", ".join((*SUITES, ALL))
        raise HeepstorError(f"there is no suite {suite!r}. Valid choices: {known}.")
    if (sizes or only) and suite not in CHOOSE:
        raise HeepstorError(f"--sizes and --only apply only to --suite {', '.join(CHOOSE)}.")
    if ports and suite not in PORTS:
        raise HeepstorError(f"--ports applies only to --suite {', '.join(PORTS)}.")
    choice: dict[str, Sequence] = {}
    if suite in CHOOSE:
        choice |= {"sizes": _numbers("sizes", sizes), "only": _names(only)}
    if suite in PORTS:
        choice |= {"ports": _numbers("ports", ports)}
    from flows.bench.runner import Bench

    path = user_path(config) if config else configuration.DEFAULT_PATH
    bench = Bench(ROOT, path, Terminal(sys.stderr if json else sys.stdout))
    figures, missed = {}, []
    for name in SUITES if suite == ALL else (suite,):
        figures[name], lines = _run(bench, name, json, choice)
        missed += lines
    if json:
        print(jsonlib.dumps(figures if suite == ALL else figures[suite], indent=1))
    for line in missed:
        print(f"Goal missed: {line}", file=sys.stderr)
    return 1 if missed else 0


def _run(bench, name: str, json: bool, choice: dict) -> tuple[dict, list[str]]:
    """Run one suite; return its figures and the goals that were missed."""
    module = importlib.import_module(SUITES[name])
    figures = module.run(bench, **choice)
    target = bench.folder / f"{name}.json"
    target.write_text(jsonlib.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if not json:
        module.show(figures)
        print(f"The same as JSON: {shown(ROOT, target)}")
    return figures, module.missed(figures)


def _names(text: str) -> Sequence[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _numbers(option: str, text: str) -> Sequence[int]:
    return [whole_number(option, name, 1) or 0 for name in _names(text)]
