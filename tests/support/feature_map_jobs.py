"""Jobs on a small feature map, in a memory in which their sums are exact."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from modelgen.hardware import Hardware
from modelgen.targets.systolic.descriptor import Descriptor, link
from modelgen.targets.systolic.reference import ChainResult, Scratchpad, execute_chain
from tests.support.random_chains import BASE

SIZE = 4
HARDWARE = Hardware(array_size=SIZE, buffer_words=2048, accumulator_depth=64)
CHAIN, SOURCE, WEIGHTS, PARAMETERS, DESTINATION, RESIDUAL = range(BASE, BASE + 0x6000, 0x1000)
HEIGHT, WIDTH, CHANNELS, OUTPUTS = 5, 6, 3, 7
PADDED_PITCH = (WIDTH + 2) * CHANNELS


@dataclass
class Machine:
    """Memory in which sums are exact: small integers, scales that are powers of two."""

    memory: bytearray = field(default_factory=lambda: bytearray(0x6000))
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(3))

    def put(self, address: int, values: np.ndarray) -> np.ndarray:
        data = values.tobytes()
        self.memory[address - BASE : address - BASE + len(data)] = data
        return values

    def put_integers(self, address: int, shape: tuple[int, ...]) -> np.ndarray:
        return self.put(address, self.random.integers(-40, 41, shape).astype("<f4"))

    def put_parameters(self, channels: int) -> None:
        tiles = -(-channels // SIZE)
        scale = 2.0 ** self.random.integers(-3, 3, (tiles, SIZE))
        bias = self.random.integers(-9, 10, (tiles, SIZE)).astype(float)
        self.put(PARAMETERS, np.stack([scale, bias], axis=1).astype("<f4"))
        self.scale, self.bias = scale.reshape(-1)[:channels], bias.reshape(-1)[:channels]

    def run(
        self,
        *jobs: Descriptor,
        hardware: Hardware = HARDWARE,
        scratchpad: Scratchpad | None = None,
        written: np.ndarray | None = None,
    ) -> ChainResult:
        image = link(list(jobs), CHAIN)
        self.memory[: len(image)] = image
        return execute_chain(self.memory, BASE, CHAIN, hardware, scratchpad, written)

    def stored(self, *shape: int) -> np.ndarray:
        start = DESTINATION - BASE
        return np.frombuffer(self.memory, "<f4", int(np.prod(shape)), start).reshape(shape)


def written_scratchpad(hardware: Hardware = HARDWARE) -> Scratchpad:
    """Returns buffer and accumulators that may be read, as if earlier chains had set them."""
    scratchpad = Scratchpad(hardware)
    for words in (scratchpad.buffer, scratchpad.accumulators):
        words.write(slice(None), 0.0)
    return scratchpad


def feature_map(**changes: Any) -> Descriptor:
    """A job that loads a feature map with one pixel of padding, and stores all positions."""
    job = Descriptor(
        load=True,
        fill=True,
        first=True,
        store_memory=True,
        source=SOURCE,
        source_pitch_y=4 * WIDTH * CHANNELS,
        source_pitch_x=4 * CHANNELS,
        load_rows=HEIGHT,
        load_columns=WIDTH,
        load_words=CHANNELS,
        load_pitch_y=PADDED_PITCH,
        load_base=10,
        load_head=PADDED_PITCH + CHANNELS,
        load_tail=PADDED_PITCH,
        input_base=10,
        step_x=CHANNELS,
        step_y=PADDED_PITCH,
        position_columns=WIDTH,
        position_rows=HEIGHT,
        run_words=3 * CHANNELS,
        runs_y=3,
        runs_x=1,
        run_pitch_y=PADDED_PITCH,
        tiles=2,
        channels=OUTPUTS,
        weights=WEIGHTS,
        parameters=PARAMETERS,
        destination=DESTINATION,
        window_columns=1,
        window_rows=1,
    )
    job = replace(job, **changes)
    store = {
        "store_columns": job.position_columns // job.window_columns,
        "store_rows": job.position_rows // job.window_rows,
        "destination_pitch_x": 4 * job.channels,
    }
    store["destination_pitch_y"] = store["store_columns"] * store["destination_pitch_x"]
    return replace(job, **(store | changes))


def windows(padded: np.ndarray, stride: int = 1) -> np.ndarray:
    """Returns (rows, columns, 3, 3, channels) of a padded map."""
    view = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
    return view[::stride, ::stride].transpose(0, 1, 3, 4, 2)


def pad(values: np.ndarray, value: float = 0.0) -> np.ndarray:
    return np.pad(values, ((1, 1), (1, 1), (0, 0)), constant_values=value)


def convolve(machine: Machine, padding: float = 0.0) -> np.ndarray:
    """Places data of a 3 x 3 convolution whose runs are cut apart; returns scaled, biased sums."""
    values = machine.put_integers(SOURCE, (HEIGHT, WIDTH, CHANNELS))
    weights = machine.random.integers(-127, 128, (3, 12, 8)).astype(np.int8)
    weights[:, 9:] = 0
    weights[:, :, OUTPUTS:] = 0
    machine.put(WEIGHTS, weights.reshape(9, SIZE, 2, SIZE).transpose(0, 2, 3, 1))
    machine.put_parameters(OUTPUTS)
    kernel = weights[:, :9, :OUTPUTS].reshape(3, 3, CHANNELS, OUTPUTS).astype(float)
    sums = np.einsum("yxijc,ijcn->yxn", windows(pad(values, padding)), kernel)
    return sums * machine.scale + machine.bias
