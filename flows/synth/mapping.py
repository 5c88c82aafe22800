"""Mapping the modules of a design to a device: each content once, kept between runs.

Yosys maps a module without looking into its submodules (they are black boxes to it), so what comes
out depends on the module's own content, the script and the version of Yosys alone. Results are kept
under a hash of these: after a change only the modules that changed are mapped again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path

from flows.errors import HeepstorError
from flows.synth.rtlil import Content
from flows.system.files import write_whole
from flows.system.processes import run_lines, worker_threads

# `check` of Yosys has no top here, and clock buffers are the top level's. ABC's check of its own
# result is off: with some modules (a normalization of 40 bits) it ends by one of its own assertions
# (yosys 0.70: Gia_ManDupCollapse_rec), and nothing but counts is taken from here.
SCRIPT = """\
scratchpad -set abc9.verify 0
read_rtlil {source}
read_verilog -lib -specify +/xilinx/cells_sim.v
read_verilog -lib +/xilinx/cells_xtra.v
synth_xilinx -family {family} -noiopad -noclkbuf {options} -run prepare:
tee -q -o {result} stat -json
"""

# Characters of modules that one run of Yosys takes: reading the device's cells costs three seconds
# a run, and what is interrupted has to be done again. WebAssembly has 4 GiB of memory; a run takes
# a few hundred MiB.
_BATCH = 500_000

Cells = dict[str, int]
"""Number of a netlist's cells by type."""


@dataclass(frozen=True)
class Mapper:
    """Maps modules for one family of devices.

    `program` is the command of Yosys, `version` its version; results are kept in `cache`.
    Calls `on_progress(done, total)` with the numbers of modules that are mapped and to be mapped.
    """

    program: Sequence[str]
    version: str
    family: str
    cache: Path
    options: str = ""
    on_progress: Callable[[int, int], None] = lambda done, total: None

    def run(self, contents: Iterable[Content], ports: Mapping[str, str]) -> dict[str, Cells]:
        """The cells of every content, by its hash; `ports` are those of all interfaces.

        Raises HeepstorError with what Yosys says when it fails.
        """
        wanted = {content.hash: content for content in contents}
        found = {digest: self._kept(digest) for digest in wanted}
        missing = [content for digest, content in wanted.items() if found[digest] is None]
        if missing:
            self.cache.mkdir(parents=True, exist_ok=True)
            self._map_all(missing, ports)
        return {digest: found[digest] or self._kept(digest) or {} for digest in wanted}

    def _kept(self, digest: str) -> Cells | None:
        try:
            return json.loads(self._path(digest).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _path(self, digest: str) -> Path:
        key = "\n".join((self.version, self.family, self.options, SCRIPT, digest))
        return self.cache / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"

    def _map_all(self, missing: Sequence[Content], ports: Mapping[str, str]) -> None:
        """Maps in as many runs of Yosys at a time as there are processors."""
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
        # Yosys under WebAssembly sees the folder it runs in and those below, no others.
        with tempfile.TemporaryDirectory(dir=self.cache) as folder:
            work = Path(folder)
            names = {"source": "modules.il", "result": "stat.json"}
            (work / names["source"]).write_text(as_rtlil(batch, ports), encoding="utf-8")
            script = SCRIPT.format(family=self.family, options=self.options, **names)
            (work / "map.ys").write_text(script, encoding="utf-8")
            printed: list[str] = []
            command = [*self.program, "-q", "-l", "yosys.log", "map.ys"]
            code = run_lines(command, printed.append, cwd=work)
            if code != 0 or not (work / names["result"]).exists():
                kept = self.cache / "failed"
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(work, kept)
                said = "\n".join("  | " + line for line in printed[-12:])
                raise HeepstorError(
                    f"Yosys ended with code {code} while it mapped modules:\n{said}\n"
                    f"Its input, script and log: {kept}"
                )
            statistics = json.loads((work / names["result"]).read_text(encoding="utf-8"))
            self._keep(statistics["modules"])

    def _keep(self, modules: Mapping[str, dict]) -> None:
        for name, module in modules.items():
            if name.startswith("\\m_"):
                cells = {cell.lstrip("\\"): n for cell, n in module["num_cells_by_type"].items()}
                write_whole(self._path(name[3:]), json.dumps(cells))


def batches(contents: Sequence[Content]) -> list[list[Content]]:
    """The contents in groups of about the same length, the largest first."""
    groups: list[list[Content]] = []
    room = 0
    for content in sorted(contents, key=lambda content: len(content.body), reverse=True):
        if not groups or len(content.body) > room:
            groups.append([])
            room = _BATCH
        groups[-1].append(content)
        room -= len(content.body)
    return groups


def as_rtlil(batch: Sequence[Content], ports: Mapping[str, str]) -> str:
    """A file for `read_rtlil`: modules named m_<hash>, and black boxes for what they contain."""
    boxes = sorted(set().union(*(content.submodules for content in batch)))
    return "".join(
        [
            *(f"attribute \\blackbox 1\nmodule \\{box}\n{ports[box]}\nend\n" for box in boxes),
            *(f"module \\m_{content.hash}\n{content.body}\nend\n" for content in batch),
        ]
    )
