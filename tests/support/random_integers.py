"""Fields of random INT8 jobs, and the data that cannot be drawn without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from modelgen.arithmetic.integer.channel_forms import SHIFTS
from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import MOST_CROSSINGS, Operation
from modelgen.targets.systolic.integer_parameters import bias_words, words_by_tile
from modelgen.targets.systolic.tiles import depthwise_block, tile_columns, weight_bytes

FILLS = (0, -128, 127, 5, -1)
"""Values that padding has, of all four bytes of a word."""


def fill_value(byte: int) -> float:
    """Returns the FP32 number whose bytes are all the same."""
    return float(np.full(4, byte, np.int8).view(np.float32)[0])


@dataclass
class IntegerFields:
    """Draws what INT8 jobs compute with."""

    random: np.random.Generator
    hardware: Hardware
    positions: int
    """The most in a row and in a column."""
    run: int
    """The most words of a run of a matrix product."""
    runs: int
    tiles: int

    @property
    def group(self) -> int:
        """Words between the groups of banks that are read at once."""
        return self.hardware.banks // 4

    @property
    def width(self) -> int:
        """Words of a slice."""
        return self.hardware.array_size // 4

    def compute(self, operation: Operation) -> dict[str, Any]:
        """Returns everything but the places of buffer, accumulators and data."""
        is_matmul = operation == Operation.MATMUL
        rows, columns = self._int(1, self.positions), self._int(1, self.positions)
        entries = self.hardware.accumulator_depth // (rows * columns)
        most_tiles = min(self.tiles, entries)
        run = self._int(1, self.run if is_matmul else most_tiles * self.width)
        tiles = self._int(1, most_tiles) if is_matmul else -(-run // self.width)
        size = self.hardware.array_size
        fields = {
            "int8": True,
            "int4_weights": self._flip(0.3),
            "operation": operation,
            "position_rows": rows,
            "position_columns": columns,
            "step_x": self._int(0, 9),
            "step_y": self._int(0, 40),
            "run_words": run,
            "tiles": tiles,
            "channels": self._int(1, tiles * size if is_matmul else 4 * run),
            "window_rows": self._int(1, min(3, rows)),
            "window_columns": self._int(1, min(3, columns)),
        }
        if operation == Operation.DEPTHWISE:
            return fields | self._kernel()
        fields |= self._span(run) if is_matmul and self._flip() else self._plain()
        return fields | (self._pairs(fields) if self._flip(0.6) else {})

    def _plain(self) -> dict[str, Any]:
        return {
            "runs_y": self._int(1, self.runs),
            "runs_x": self._int(1, self.runs),
            "run_pitch_y": self._int(0, 50),
            "run_pitch_x": self._int(0, 50),
        }

    def _span(self, run: int) -> dict[str, Any]:
        crosses_any = MOST_CROSSINGS * run >= self.width
        return {
            "span": True,
            "runs_y": self._int(1, 2 * self.runs if crosses_any else MOST_CROSSINGS + 1),
            "runs_x": 1,
            "run_pitch_x": 0,
            "run_pitch_y": run + self.hardware.banks * self._int(0, 2),
        }

    def _kernel(self) -> dict[str, Any]:
        pitch_x, stride = self._int(0, 9), self._int(1, 3)
        return {
            "runs_y": self._int(1, 5),
            "runs_x": self._int(1, 5),
            "run_pitch_y": self.group + self.hardware.banks * self._int(0, 2),
            "run_pitch_x": pitch_x,
            "column_stride": stride,
            "step_x": stride * pitch_x,
        }

    def _pairs(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Returns distances and steps with which both positions lie in other banks."""
        pair_rows = self._int(1, 5)
        factor = pair_rows * fields["window_rows"]
        groups = {self.group, 2 * self.group, 3 * self.group}
        steps = [step for step in range(1, 50) if factor * step % self.hardware.banks in groups]
        if not steps:
            return {}
        return {"pair_rows": pair_rows, "step_y": steps[self._int(0, len(steps) - 1)]}

    def depthwise_weights(self, fields: dict[str, Any]) -> bytes:
        """Returns a stream in which taps that do not exist have no weights."""
        size = self.hardware.array_size
        rows, columns = depthwise_block(size)
        down, across = -(-fields["runs_y"] // rows), -(-fields["runs_x"] // columns)
        channels = fields["tiles"] * size
        taps = np.zeros((down * rows, across * columns, channels), np.int8)
        existing = taps[: fields["runs_y"], : fields["runs_x"]]
        existing[:] = self.weights(existing.shape, fields["int4_weights"])
        cut = taps.reshape(down, rows, across, columns, channels).transpose(0, 2, 4, 1, 3)
        tiles = np.zeros((down * across, channels, size), np.int8)
        tiles[:, :, : rows * columns] = cut.reshape(down * across, channels, -1)
        return self._stream(tiles, fields)

    def weights(self, shape: tuple[int, ...], int4: bool) -> np.ndarray:
        low = -8 if int4 else -128
        return self.random.integers(low, -low, shape).astype(np.int8)

    def _stream(self, tiles: np.ndarray, fields: dict[str, Any]) -> bytes:
        """Returns weights (slices, tiles * S, S), of the last tile only the columns that exist."""
        size = self.hardware.array_size
        counts = tile_columns(fields["channels"], fields["tiles"], size)
        stream = b""
        for slice_ in tiles.reshape(len(tiles), fields["tiles"], size, size):
            for tile, count in zip(slice_, counts, strict=True):
                stream += packed(tile[:count], fields["int4_weights"], size)
        return stream

    def parameters(self, fields: dict[str, Any]) -> bytes:
        """Returns parameters with which results are neither all limited nor all zero."""
        size = self.hardware.array_size
        channels = sum(tile_columns(fields["channels"], fields["tiles"], size))
        shift = self.random.choice(self._choose([SHIFTS, SHIFTS[:1], SHIFTS[:2]]), channels)
        multiplier = self.random.integers(2**25, 2**32, channels)
        if self._flip(0.6):
            multiplier = multiplier >> self.random.integers(0, self._choose([6, 32]), channels)
        bias = self.random.integers(-(2**11), 2**11, channels)
        if self._flip(0.2):
            bias = self.random.integers(-(2**29), 2**29, channels)
        constants = self.random.integers(-(2**31), 2**31, channels)
        if self._flip():
            constants = np.zeros(channels, np.int64)
        return words_by_tile([multiplier, bias_words(bias, shift), constants], size)

    def sum_line(self) -> bytes:
        """Returns the parameters of a sum with an operand."""
        most = self._choose([2**22, 2**26])
        first, second = (int(value) for value in self.random.integers(0, most, 2))
        if self._flip(0.1):
            first, second = self._int(-(2**31), 2**31 - 1), self._int(0, 2**32 - 1)
        first |= self._choose([0, 0, self._int(0, 3)]) << 30
        offsets = self._int(-(2**31), 2**31 - 1) if self._flip() else 0
        low, high = sorted((self._int(-255, 255), self._int(-255, 255)))
        summand = high << 23 | (low & 0x1FF) << 14 | self._int(0, 255)
        words = np.array([second, first, offsets, summand]).astype("<i4")
        return words.repeat(4).tobytes()

    def results(self) -> dict[str, Any]:
        """Returns how results are made integers."""
        low, high = self._choose([(-128, 127), (-128, 127), (0, 127), (-20, 60), (50, -50)])
        return {
            "ties_even": self._flip(0.3),
            "zero_point": self._choose([0, -128, 127, self._int(-128, 127)]),
            "integer_low": low,
            "integer_high": high,
        }

    def _int(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def _flip(self, probability: float = 0.5) -> bool:
        return bool(self.random.random() < probability)

    def _choose(self, options: list[Any]) -> Any:
        return options[self._int(0, len(options) - 1)]


def packed(weights: np.ndarray, int4: bool, array_size: int) -> bytes:
    """Returns the columns of a tile as they are in memory, (columns, S)."""
    flat = weights.reshape(-1)
    if int4:
        pairs = np.pad(flat, (0, len(flat) % 2)).reshape(-1, 2)
        flat = (pairs[:, 0] & 15 | pairs[:, 1] << 4).astype(np.int8)
    room = weight_bytes(len(weights), array_size, 4 if int4 else 8)
    return flat.tobytes().ljust(room, b"\0")
