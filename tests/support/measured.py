"""A network's inference, measured by hand, and its row of figures."""

from flows.bench import networks
from flows.bench.runner import measurement
from flows.simulate.device_log import Counters, InputRun

# Two layers on the engine in one chain, and a softmax on the CPU.
MODEL = {
    "macs": 12_501_632,
    "array_limit_cycles": 48_834.5,
    "limit_cycles": 48_834.5,
    "streaming_limit_cycles": 48_900.0,
    "depthwise_cycles": 1_200.0,
    "predicted_cycles": 52_460,
    "layers": [
        {
            **{"index": 0, "name": "conv", "place": "engine", "op": "conv2d", "shape": "32 x 32"},
            **{"macs": 442_368, "limit_cycles": 3_072.0, "predicted_cycles": 4_000, "chain": 0},
            **{"macs_per_cycle": 256, "streaming_limit_cycles": 3_072.0},
            "array_cycles": 2_304,
        },
        {
            **{"index": 1, "name": "linear", "place": "engine", "op": "linear", "shape": "64"},
            **{"macs": 12_059_264, "limit_cycles": 45_828.0, "predicted_cycles": 48_460},
            **{"macs_per_cycle": 256, "streaming_limit_cycles": 45_828.0},
            **{"chain": 0, "array_cycles": 49_696},
        },
        {
            **{"index": 2, "name": "softmax", "place": "cpu", "op": "softmax", "shape": "1 x 10"},
            **{"macs": 0, "limit_cycles": 0.0, "predicted_cycles": None, "chain": None},
            **{"macs_per_cycle": 256, "streaming_limit_cycles": 0.0},
        },
    ],
}


RUN = InputRun(
    cycles=52_600,
    # Cycles, busy, waits for descriptor, activations, weights, accumulator, store; stalls.
    layers={
        0: Counters(4_100, 2_304, 12, 1_500, 100, 84, 100, 7),
        1: Counters(51_600, 49_500, 20, 1_600, 150, 130, 200, 9),
    },
    cpu={2: 900},
)


SIZE = {"code": 9_000, "data": 3_000, "weights": 78_000, "arena": 4_096, "stack": 8, "total": 1}


STATISTICS = {"cycles": 100_000, "wall_seconds": 0.5}


def resnet8(**changes) -> dict:
    """The figures of resnet8 at S = 16, all goals reached."""
    (network,) = (network for network in networks.NETWORKS if network.name == "resnet8")
    return {**networks.row(network, measurement(16, RUN, MODEL, SIZE, STATISTICS)), **changes}
