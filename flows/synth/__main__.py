"""Map an elaborated design to a device, ``python -m flows.synth design.il xczu7ev``, or to silicon.

Writes utilization.json and treemap.svg to the current folder, for silicon (osu018) silicon.json,
and prints the table. The modules' results are cached in the folder $HEEPSTOR_SYNTH_CACHE, or in the
repository's build/synth/modules.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from flows.errors import HeepstorError
from flows.synth import depths, devices, estimate, hierarchy, rtlil, show, treemap
from flows.synth.mapping import yowasp
from flows.synth.resources import NAMES, Resources, count
from flows.synth.silicon import result as silicon_result
from flows.synth.silicon import show as silicon_show
from flows.synth.silicon.technology import TECHNOLOGIES, Technology
from flows.synth.stage import PICTURE, SILICON, TABLE_WIDTH, UTILIZATION
from flows.terminal.tables import console


def utilization(top: hierarchy.Instance[Resources], device: devices.Device, timing: dict) -> dict:
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


def printed_progress() -> Callable[[int, int], None]:
    """Return a function that prints how many modules are mapped, with the seconds from now on."""
    started = time.monotonic()

    def on_progress(done: int, total: int) -> None:
        seconds = time.monotonic() - started
        print(f"Yosys: {done} of {total} modules mapped, {seconds:.0f} s", flush=True)

    return on_progress


def main(arguments: list[str]) -> None:
    """Map the design given by the first argument to the device or technology of the second."""
    design, target = Path(arguments[0]), arguments[1]
    out = console(None if sys.stdout.isatty() else TABLE_WIDTH)
    if target in TECHNOLOGIES:
        _to_silicon(rtlil.read(design), TECHNOLOGIES[target], out)
    else:
        device = devices.find(target, TECHNOLOGIES)
        _to_device(rtlil.read(design), device, out)


def _to_device(modules: dict[str, rtlil.Module], device: devices.Device, out: Console) -> None:
    mapped = yowasp(device.recipe(), printed_progress()).run(modules)
    top = hierarchy.tree(modules, {name: count(one.netlist.cells) for name, one in mapped.items()})
    timing = depths.measure(modules, mapped, device.delays)
    result = utilization(top, device, timing)
    picture = treemap.draw(top, f"{top.kind} on the {device.name}")
    Path(PICTURE).write_text(picture, encoding="utf-8")
    _write(UTILIZATION, result)
    show.print_result(result, out)


def _to_silicon(modules: dict[str, rtlil.Module], technology: Technology, out: Console) -> None:
    technology.require()
    mapped = yowasp(technology.recipe(), printed_progress()).run(modules)
    print("OpenSTA: the worst paths", flush=True)
    result = silicon_result.of(modules, mapped, technology, Path("timing"))
    _write(SILICON, result)
    silicon_show.print_result(result, out)


def _write(name: str, result: dict) -> None:
    """Write the result after all else: it marks a complete run."""
    Path(name).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except HeepstorError as error:
        sys.exit(f"ERROR: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
