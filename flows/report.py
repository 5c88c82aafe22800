"""The final report: where every cycle and every byte went, and how good the answers are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from flows.device_log import Counters

if TYPE_CHECKING:
    from flows.pipeline import Pipeline
    from flows.progress import Terminal

REPORT = "report.json"
# The waits of the engine's counters, in the order in which the table shows them.
WAITS = {
    "wait_weights": "weights",
    "wait_activations": "activ.",
    "wait_accumulator": "accum.",
    "wait_store": "store",
    "wait_descriptor": "descr.",
}


def write(pipeline: Pipeline, out: Path) -> None:
    """Collects what the stages measured into report.json in the folder `out`."""
    import numpy as np

    generated, simulated = pipeline.generate.folder, pipeline.simulate.folder
    labels = generated / "golden" / "labels.npy"
    report = make(
        model=_load(generated / "model.json"),
        simulation=_load(simulated / "simulation.json"),
        statistics=_load(simulated / "stats.json"),
        size=_load(pipeline.firmware.folder / "size.json"),
        accuracy=_load(pipeline.quantize.folder / "accuracy.json"),
        torch_outputs=np.load(generated / "golden" / "torch.npy").tolist(),
        labels=np.load(labels).tolist() if labels.exists() else None,
        hardware=pipeline.config.to_dict(),
    )
    report["project"] = pipeline.options.project
    report["operators"] = pipeline.options.operators
    (out / REPORT).write_text(json.dumps(report, indent=1) + "\n")


def _load(path: Path) -> dict:
    return json.loads(path.read_text())


def read(folder: Path) -> dict:
    """The report in a stage's folder."""
    return _load(folder / REPORT)


def make(
    model: dict,
    simulation: dict,
    statistics: dict,
    size: dict,
    accuracy: dict,
    torch_outputs: list[list[float]],
    labels: list[int] | None,
    hardware: dict,
) -> dict:
    """The report's content: cycles are means over the inferences, sizes are bytes."""
    runs = simulation["inputs"]
    array_size = hardware["engine"]["array_size"]
    layers = [_layer(layer, runs, array_size) for layer in model["layers"]]
    total = _mean([run["cycles"] for run in runs])
    in_layers = sum(layer["cycles"] or 0 for layer in layers)
    limit = sum(layer["limit_cycles"] or 0 for layer in layers)
    macs = sum(layer["macs"] for layer in layers)
    return {
        "inputs": model["inputs"],
        "batch": model["batch"],
        "inferences": len(runs),
        "hardware": hardware,
        "layers": layers,
        "other_cycles": total - in_layers,
        "total": {
            "macs": macs,
            "cycles": total,
            "limit_cycles": limit,
            "ratio_to_limit": total / limit if limit else None,
            "share_of_peak": _share(macs, total, array_size),
            "seconds": total / hardware["clock_hz"],
        },
        "memory": {**size, "stack_used": simulation["stack_bytes"]},
        "accuracy": accuracy,
        "predictions": _predictions(runs, torch_outputs, labels),
        "torch_difference": simulation["torch_difference"],
        "tolerance": model["tolerance"],
        "simulation": statistics,
    }


def _mean(values: list[int]) -> float:
    return sum(values) / len(values) if values else 0.0


def _share(macs: int, cycles: float | None, array_size: int) -> float | None:
    """The part of the array's multiply-accumulates that were done in these cycles."""
    return macs / (array_size**2 * cycles) if cycles else None


def _layer(layer: dict, runs: list[dict], array_size: int) -> dict:
    """A layer with its measured counters; `cycles` is None where none were measured."""
    index = str(layer["index"])
    measured = [run["layers"][index] for run in runs if index in run["layers"]]
    on_cpu = [run["cpu"][index] for run in runs if index in run["cpu"]]
    counters = (
        {name: _mean([run[name] for run in measured]) for name in Counters._fields}
        if measured
        else {}
    )
    cycles = _mean(on_cpu) if on_cpu else counters.get("cycles")
    return {
        **layer,
        "cycles": cycles,
        "share_of_peak": _share(layer["macs"], cycles, array_size) if layer["macs"] else None,
        "ratio_to_limit": cycles / layer["limit_cycles"]
        if cycles and layer["limit_cycles"]
        else None,
        "counters": counters,
    }


def _predictions(
    runs: list[dict], torch_outputs: list[list[float]], labels: list[int] | None
) -> dict:
    import numpy as np

    outputs = [np.array([int(bits, 16) for bits in run["outputs"]], np.uint32) for run in runs]
    # One inference takes a batch of inputs: as many rows of outputs.
    rows = np.concatenate(outputs).view(np.float32).reshape(len(torch_outputs), -1)
    device = [int(np.argmax(row)) for row in rows]
    torch = [int(np.argmax(row)) for row in torch_outputs]
    return {
        "device": device,
        "torch": torch,
        "labels": labels,
        "equal_to_torch": sum(a == b for a, b in zip(device, torch, strict=True)),
        "equal_to_labels": None
        if labels is None
        else sum(a == b for a, b in zip(device, labels, strict=True)),
    }


def show(report: dict, terminal: Terminal, width: int | None = None) -> None:
    """Prints the tables."""
    from flows.tables import console

    out = console(width, terminal.stream)
    out.print()
    out.print(_layer_table(report))
    for line in _closing_lines(report):
        out.print(line)


def _layer_table(report: dict):
    from rich.table import Table

    engine = report["hardware"]["engine"]
    of_batch = f" of {report['batch']} inputs" if report["batch"] > 1 else ""
    table = Table(
        title=f"{report['project']}, array of {engine['array_size']} x {engine['array_size']}, "
        f"{engine['port_words']} words a cycle: cycles of one inference{of_batch} "
        f"(mean of {report['inferences']})",
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("layer", no_wrap=True, overflow="ellipsis", max_width=12)
    table.add_column("place", no_wrap=True)
    table.add_column("shape", no_wrap=True)
    headings = ("MACs", "cycles", "limit", "ratio", "peak", *WAITS.values())
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for layer in report["layers"]:
        table.add_row(*_layer_row(layer))
    table.add_row("the rest", "cpu", "", "", _count(report["other_cycles"]), *[""] * 8)
    total = report["total"]
    table.add_section()
    table.add_row(
        *("total", "", ""),
        *(_count(total["macs"]), _count(total["cycles"]), _count(total["limit_cycles"])),
        *(_ratio(total["ratio_to_limit"]), _percent(total["share_of_peak"])),
        *(_count(_sum_of_waits(report, wait)) for wait in WAITS),
        style="bold",
    )
    return table


def _layer_row(layer: dict) -> list[str]:
    counters = layer["counters"]
    return [
        layer["name"],
        layer["place"],
        layer["shape"],
        _count(layer["macs"] or None),
        _count(layer["cycles"]),
        _count(layer["limit_cycles"] or None),
        _ratio(layer["ratio_to_limit"]),
        _percent(layer["share_of_peak"]),
        *(_count(counters.get(wait)) for wait in WAITS),
    ]


def _sum_of_waits(report: dict, wait: str) -> float:
    return sum(layer["counters"].get(wait, 0) for layer in report["layers"])


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _closing_lines(report: dict) -> list[str]:
    total, memory = report["total"], report["memory"]
    accuracy, predictions = report["accuracy"], report["predictions"]
    kib = {name: f"{memory[name] / 1024:.1f}" for name in ("code", "data", "weights", "arena")}
    lines = [
        "  limit: the larger of MACs / array size squared and bytes moved / port width; the other "
        "columns\n  are what the engine waited for.",
        f"\nTime         {1e3 * total['seconds']:.3f} ms at "
        f"{report['hardware']['clock_hz'] / 1e6:g} MHz",
        f"Memory       code {kib['code']} KiB, data {kib['data']} KiB, weights {kib['weights']} "
        f"KiB, arena {kib['arena']} KiB,\n             stack {memory['stack_used']} of "
        f"{memory['stack']} bytes used, {memory['free'] / 1024:.1f} KiB free",
    ]
    if accuracy["float"] is not None:
        lines.append(
            f"Accuracy     float {_percent(accuracy['float'])}, quantized "
            f"{_percent(accuracy['quantized'])} ({accuracy['data']}, {accuracy['samples']:,})"
        )
    right = predictions["equal_to_labels"]
    against_labels = "" if right is None else f"{right} of {report['inputs']} right, "
    lines.append(
        f"Predictions  {against_labels}{predictions['equal_to_torch']} of {report['inputs']} the "
        f"same as PyTorch's"
    )
    lines.append(
        "Outputs      equal to the reference bit for bit; largest difference to PyTorch "
        f"{report['torch_difference']:.2g}"
    )
    return lines
