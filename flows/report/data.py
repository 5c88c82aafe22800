"""The content of the report, collected from the stages' outputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.report import provenance
from flows.report.causes import array_limit
from flows.simulate.device_log import Counters
from modelgen.strict_json import finite

REPORT = "report.json"
_SOFTWARE = {"place": "cpu", "reason": "--operators software", "predicted_cycles": None}


@dataclass(frozen=True)
class Build:
    """A finished build: the options, and the stages' outputs."""

    project: str
    hardware: dict
    """The values of the configuration's knobs."""
    config_hash: str
    operators: str
    unit: str
    clock_hz: int
    """The clock for the report's times."""
    command: str
    """The command line that repeats the build."""
    folders: Mapping[str, Path]
    """Each stage's output folder, by its name."""
    manifests: Mapping[str, dict]
    """Each stage's manifest, by its name, in the order in which the stages ran."""


def write(build: Build, out: Path) -> dict:
    """Collect the stages' measurements in report.json in the folder `out`; return the report."""
    import numpy as np

    generated = build.folders["generate"]
    labels = generated / "golden" / "labels.npy"
    report = make(
        model=_load(generated / "model.json"),
        simulation=_load(build.folders["simulate"] / "simulation.json"),
        statistics=_load(build.folders["simulate"] / "stats.json"),
        size=_load(build.folders["firmware"] / "size.json"),
        accuracy=_load(build.folders["quantize"] / "accuracy.json"),
        module_outputs=np.load(generated / "golden" / "module.npy").tolist(),
        labels=np.load(labels).tolist() if labels.exists() else None,
        hardware=build.hardware,
    )
    report["project"] = build.project
    report["operators"] = build.operators
    if build.operators == "software":
        report["layers"] = [{**layer, **_SOFTWARE} for layer in report["layers"]]
        report["total"]["predicted_cycles"] = None
    report["time"] = {"unit": build.unit, "clock_hz": build.clock_hz}
    origin = provenance.collect(build.command, build.config_hash, build.manifests)
    weights = _load(build.folders["quantize"] / "project.json")["weights"]
    report["origin"] = {**origin, "weights": weights}
    (out / REPORT).write_text(json.dumps(report, indent=1) + "\n")
    return report


def _load(path: Path) -> dict:
    return json.loads(path.read_text())


def read(folder: Path) -> dict:
    """Read the report in a stage's folder."""
    return _load(folder / REPORT)


def make(
    model: dict,
    simulation: dict,
    statistics: dict,
    size: dict,
    accuracy: dict,
    module_outputs: list[list[float]],
    labels: list[int] | None,
    hardware: dict,
) -> dict:
    """Return the report: cycles are means over the inferences, sizes are in bytes.

    A prediction that is not finite becomes None, as JSON has no such numbers.
    """
    runs = simulation["inputs"]
    layers = [_layer(layer, runs) for layer in model["layers"]]
    total = _mean([run["cycles"] for run in runs])
    has_classes = accuracy["metric"] is None and len(model["outputs"]) == 1
    element = model["elements"]["output"]
    report = {
        "contract": model["contract"],
        "element": element,
        "inputs": model["inputs"],
        "batch": model["batch"],
        "inferences": len(runs),
        "hardware": hardware,
        "layers": layers,
        "other_cycles": total - _in_layers(layers),
        "network": model["network"],
        "arena": {
            "bytes": model["arena_bytes"],
            "lower_bound": model["arena_lower_bound"],
            "regions": model["arena"],
        },
        "buffer": {"words": hardware["engine"]["buffer_words"], "regions": model["buffer"]},
        "total": _totals(model, layers, total, hardware),
        "memory": {**size, "stack_used": simulation["stack_bytes"]},
        "accuracy": accuracy,
        "predictions": _predictions(runs, module_outputs, labels, element) if has_classes else None,
        "quantized_difference": simulation["quantized_difference"],
        "module_difference": simulation["module_difference"],
        "tolerance": model["tolerance"],
        "simulation": statistics,
    }
    return finite(report)


def _totals(model: dict, layers: list[dict], cycles: float, hardware: dict) -> dict:
    """Return the figures of an inference that takes so many cycles."""
    limit, streaming = model["limit_cycles"], model["streaming_limit_cycles"]
    return {
        "macs": sum(layer["macs"] for layer in layers),
        "cycles": cycles,
        "layer_cycles": _in_layers(layers),
        "engine_cycles": sum(layer["counters"].get("cycles", 0) for layer in layers),
        "predicted_cycles": model["predicted_cycles"],
        "limit_cycles": limit,
        "ratio_to_limit": cycles / limit if limit else None,
        "streaming_limit_cycles": streaming,
        "ratio_to_streaming_limit": cycles / streaming if streaming else None,
        "share_of_peak": _share(model["array_limit_cycles"], cycles),
        "seconds": cycles / hardware["clock_hz"],
    }


def _in_layers(layers: list[dict]) -> float:
    return sum(layer["cycles"] or 0 for layer in layers)


def _mean(values: list[int]) -> float:
    return sum(values) / len(values) if values else 0.0


def _share(array_limit_cycles: float, cycles: float | None) -> float | None:
    """Return MACs done as a share of what the array could have done in these cycles.

    Args:
        array_limit_cycles: cycles that they would take on a fully used array.
        cycles: those that they took.
    """
    return array_limit_cycles / cycles if cycles else None


def _layer(layer: dict, runs: list[dict]) -> dict:
    """Return a layer with its measured counters; `cycles` is None if there are none."""
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
        "share_of_peak": _share(array_limit(layer), cycles) if layer["macs"] else None,
        "ratio_to_limit": cycles / layer["limit_cycles"]
        if cycles and layer["limit_cycles"]
        else None,
        "counters": counters,
    }


def _prediction(row) -> int | float:
    """Return the class predicted by one input's outputs; a single output is the class itself.

    A single output that is not an integer, from a network that does not predict classes, equals no
    label.
    """
    import numpy as np

    if len(row) > 1:
        return int(np.argmax(row))
    value = float(row[0])
    return int(value) if value.is_integer() else value


def _predictions(
    runs: list[dict], module_outputs: list[list[float]], labels: list[int] | None, element: str
) -> dict:
    import numpy as np

    from modelgen.samples import values_of

    outputs = [np.array([int(bits, 16) for bits in run["outputs"]], np.uint32) for run in runs]
    # One inference takes a batch of inputs, so it has as many rows of outputs.
    rows = values_of(np.concatenate(outputs), element).reshape(len(module_outputs), -1)
    device = [_prediction(row) for row in rows]
    module = [_prediction(row) for row in module_outputs]
    return {
        "device": device,
        "module": module,
        "labels": labels,
        "equal_to_module": sum(a == b for a, b in zip(device, module, strict=True)),
        "equal_to_labels": None
        if labels is None
        else sum(a == b for a, b in zip(device, labels, strict=True)),
    }
