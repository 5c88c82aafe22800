"""Random chains of valid descriptors over all features, with their data in an image of memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from modelgen.arithmetic.function_table import BYTES as TABLE_BYTES
from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import MOST_CROSSINGS, Factor, Fence, Operation
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES, Descriptor, link
from modelgen.targets.systolic.reference import integer_slices, slices
from modelgen.targets.systolic.reference.checks import compute_end
from tests.support.random_integers import FILLS, IntegerFields, fill_value

BASE = 0x8000_0000
KINDS = ("normal", "wide", "tiny", "special")


def draw_values(random: np.random.Generator, kind: str, count: int) -> np.ndarray:
    """Returns FP32 of a kind: of one scale, of many, subnormal, or any bits at all."""
    if kind == "special":
        return random.integers(0, 2**32, count, dtype=np.uint32).view(np.float32)
    exponents = {"normal": 0, "wide": random.integers(-40, 41, count), "tiny": -140}[kind]
    return (random.standard_normal(count) * 2.0**exponents).astype(np.float32)


@dataclass(frozen=True)
class RandomChain:
    """Main memory with a chain in it, which begins at `first`."""

    memory: bytes
    first: int
    jobs: list[Descriptor]


@dataclass(frozen=True)
class Limits:
    """How large the drawn jobs are."""

    positions: int = 5
    """In a row and in a column."""
    run: int = 40
    runs: int = 3
    tiles: int = 3


class ChainMaker:
    """Draws chains for one engine.

    Memory holds values, then weights, tables and parameters, then descriptors, then counters. Jobs
    load and store anywhere among the values, so that they work on each other's results; an operand
    is what the job overwrites, or apart from it. The first job of a chain sets the whole buffer and
    all accumulators.

    Fences are drawn from `fences`; hardware gives what the reference gives if all are Fence.ALL.
    A share of the jobs, `integers`, is INT8; then some jobs of both kinds have INT4 weights.
    """

    VALUES = 4096
    WEIGHT_BYTES = 1 << 16
    TABLES = 2

    def __init__(
        self,
        seed: int,
        hardware: Hardware,
        kind: str,
        limits: Limits,
        fences: Sequence[Fence] = tuple(Fence),
        integers: float = 0.0,
    ) -> None:
        self._random = np.random.default_rng(seed)
        self._hardware = hardware
        self._kind = kind
        self._limits = limits
        self._fences = fences
        self._integers = integers
        run = max(limits.run // 4, 1)
        self._integer_fields = IntegerFields(
            self._random, hardware, limits.positions, run, limits.runs, limits.tiles
        )
        self._weights = BASE + 4 * self.VALUES
        self._tables = self._weights + self.WEIGHT_BYTES
        self._parameters = self._tables + self.TABLES * TABLE_BYTES
        self._parameter_count = 2 * (limits.tiles + 2) * hardware.array_size
        self._chain = self._parameters + -(-4 * self._parameter_count // 16) * 16

    def make(self, count: int) -> RandomChain:
        """Returns a chain of `count` jobs and the one before them."""
        count += 1
        random = self._random
        counters = self._chain + count * DESCRIPTOR_BYTES
        self._extra_place, self._extra = counters + 32 * count, bytearray()
        memory = bytearray(self._extra_place - BASE)

        def put(address: int, data: bytes) -> None:
            memory[address - BASE : address - BASE + len(data)] = data

        put(BASE, draw_values(random, self._kind, self.VALUES).tobytes())
        put(self._weights, random.integers(-128, 128, self.WEIGHT_BYTES, np.int8).tobytes())
        put(self._tables, random.bytes(self.TABLES * TABLE_BYTES))
        put(self._parameters, draw_values(random, "normal", self._parameter_count).tobytes())
        jobs = [self._initialize()]
        jobs += [self._job(counters + 32 * index) for index in range(1, count)]
        jobs = self._with_tables(self._with_known_sums(jobs))
        put(self._chain, link(jobs, self._chain))
        memory += self._extra
        return RandomChain(bytes(memory), self._chain, jobs)

    def _with_known_sums(self, jobs: Sequence[Descriptor]) -> list[Descriptor]:
        """Returns jobs that begin their sums where earlier ones left none of their kind."""
        size, depth = self._hardware.array_size, self._hardware.accumulator_depth
        known, halves = np.zeros(depth, int), np.zeros(depth, int)
        made = []
        for job in jobs:
            entries = slice(job.accumulator, job.accumulator + job.tiles * job.positions)
            columns = slices.computed_columns(job, size)
            own = integer_slices.halves(job) if job.int8 else 0
            missing = (known[entries] < slices.stored_columns(job, size)).any()
            if missing or (halves[entries] < own).any() or (own == 0 and halves[entries].any()):
                job = replace(job, first=True)
            known[entries] = columns if job.first else np.minimum(columns, known[entries])
            halves[entries] = own
            made.append(job)
        return made

    def _with_tables(self, jobs: Sequence[Descriptor]) -> list[Descriptor]:
        """Returns jobs of which none applies a table before one was loaded."""
        loaded, made = {False: False, True: False}, []
        for job in jobs:
            loaded[job.int8] |= job.stores and job.load_table
            made.append(job if loaded[job.int8] else replace(job, load_table=job.apply_table))
            loaded[job.int8] |= job.apply_table
        return made

    def _initialize(self) -> Descriptor:
        """Loads all of the buffer; all accumulators become its first words."""
        words, columns = 64, 16
        return Descriptor(
            operation=Operation.SUM,
            load=True,
            first=True,
            source=BASE,
            source_pitch_y=12,
            load_rows=self._hardware.buffer_words // words,
            load_columns=1,
            load_words=words,
            load_pitch_y=words,
            position_rows=self._hardware.accumulator_depth // columns,
            position_columns=columns,
            run_words=self._hardware.array_size,
            runs_x=1,
            runs_y=1,
            tiles=1,
            channels=self._hardware.array_size,
        )

    def _job(self, counters: int) -> Descriptor:
        if self._integers and self._flip(self._integers):
            fields = self._integer_job()
        else:
            fields = self._compute() | self._load()
            if self._flip(0.8):
                fields |= self._store(fields)
        return Descriptor(
            **fields,
            first=self._flip(0.7),
            fence=self._choose(self._fences),
            profile=counters if self._flip(0.2) else 0,
        )

    def _integer_job(self) -> dict[str, Any]:
        make, size = self._integer_fields, self._hardware.array_size
        fields = make.compute(self._choose(Operation))
        while (span := self._reach(fields)) > self._hardware.buffer_words:
            fields = make.compute(fields["operation"])
        entries = fields["tiles"] * fields["position_rows"] * fields["position_columns"]
        fields |= self._load() | {
            "fill_value": fill_value(self._choose(FILLS)),
            "input_base": self._int(0, self._hardware.buffer_words - span),
            "accumulator": self._int(0, self._hardware.accumulator_depth - entries),
            "weights": self._weights + 16 * self._int(0, 8),
        }
        if fields["operation"] == Operation.DEPTHWISE:
            fields["weights"] = self._place(make.depthwise_weights(fields))
        if not self._flip(0.8):
            return fields
        fields |= make.results() | self._integer_store(fields, size)
        line = make.sum_line() if fields["add_residual"] else b""
        return fields | {"parameters": self._place(line + make.parameters(fields))}

    def _reach(self, fields: dict[str, Any]) -> int:
        """Returns the words that a job reaches in the buffer."""
        return compute_end(Descriptor(**fields), self._hardware.array_size)

    def _integer_store(self, job: dict[str, Any], size: int) -> dict[str, Any]:
        rows = self._int(1, job["position_rows"] // job["window_rows"])
        columns = self._int(1, job["position_columns"] // job["window_columns"])
        pair_rows = job.get("pair_rows", 0)
        words = -(-min(job["channels"], job["tiles"] * size) // 4)
        pitch_x = 4 * (words + self._int(0, 3))
        pitch_y = columns * pitch_x + 4 * self._int(0, 3)
        last = (rows - 1 + pair_rows) * pitch_y + (columns - 1) * pitch_x + 4 * words
        step_x = words + self._int(0, 3)
        step_y = columns * step_x + self._int(0, 3)
        end = (rows - 1 + pair_rows) * step_y + (columns - 1) * step_x + words
        fits = end <= self._hardware.buffer_words
        to_memory = not fits or self._flip(0.7)
        destination, operand = self._address(last), self._address(last)
        apart = abs(destination - operand) >= last
        # In place, the second half's results must not be the first half's operands.
        adds = self._flip(0.4) and (apart or not 0 < pair_rows < rows)
        return {
            "store_memory": to_memory,
            "store_buffer": fits and (not to_memory or self._flip()),
            "add_residual": adds,
            "apply_table": self._flip(0.2),
            "load_table": self._flip(0.2),
            "coefficients": self._tables + 256 * self._int(0, self.TABLES * 16 - 1),
            "destination": destination,
            "residual": operand if apart else destination,
            "destination_pitch_x": pitch_x,
            "destination_pitch_y": pitch_y,
            "store_rows": rows,
            "store_columns": columns,
            "store_base": self._int(0, self._hardware.buffer_words - end) if fits else 0,
            "store_pitch_x": step_x,
            "store_pitch_y": step_y,
        }

    def _place(self, data: bytes) -> int:
        """Returns the address of data behind the counters, in whole lines."""
        address = self._extra_place + len(self._extra)
        self._extra += data.ljust(-(-len(data) // 16) * 16, b"\0")
        return address

    def _compute(self) -> dict[str, Any]:
        size, limits = self._hardware.array_size, self._limits
        operation = self._choose(Operation)
        is_matmul = operation == Operation.MATMUL
        on_diagonal = operation == Operation.DEPTHWISE
        rows, columns = self._int(1, limits.positions), self._int(1, limits.positions)
        most_tiles = min(limits.tiles, self._hardware.accumulator_depth // (rows * columns))
        run = self._int(1, limits.run if is_matmul else most_tiles * size)
        tiles = self._int(1, most_tiles) if is_matmul else -(-run // size)
        fields = {
            "operation": operation,
            "position_rows": rows,
            "position_columns": columns,
            "step_x": self._int(0, 9),
            "step_y": self._int(0, 40),
            "run_words": run,
            "tiles": tiles,
            "channels": self._int(1, tiles * size if is_matmul else run),
            "accumulator": self._int(0, self._hardware.accumulator_depth - tiles * rows * columns),
            "weights": self._weights + 16 * self._int(0, 8),
            "int4_weights": self._integers > 0 and not on_diagonal and self._flip(0.2),
        }
        fields |= self._span(run) if is_matmul and self._flip() else self._runs()
        extent = (
            (rows - 1) * fields["step_y"]
            + (columns - 1) * fields["step_x"]
            + (fields["runs_y"] - 1) * fields["run_pitch_y"]
            + (fields["runs_x"] - 1) * fields["run_pitch_x"]
            + run
        )
        return fields | {"input_base": self._int(0, self._hardware.buffer_words - extent)}

    def _runs(self) -> dict[str, Any]:
        return {
            "runs_y": self._int(1, self._limits.runs),
            "runs_x": self._int(1, self._limits.runs),
            "run_pitch_y": self._int(0, 50),
            "run_pitch_x": self._int(0, 50),
        }

    def _span(self, run: int) -> dict[str, Any]:
        size = self._hardware.array_size
        banks = 1 << (size - 1).bit_length()
        most = 2 * self._limits.runs if MOST_CROSSINGS * run >= size else MOST_CROSSINGS + 1
        return {
            "span": True,
            "runs_y": self._int(1, most),
            "runs_x": 1,
            "run_pitch_x": 0,
            "run_pitch_y": run + banks * self._int(0, 2),
        }

    def _load(self) -> dict[str, Any]:
        rows, columns, words = self._int(1, 4), self._int(1, 4), self._int(1, 9)
        pitch = columns * words + self._int(0, 6)
        head, tail = self._int(0, 20), self._int(0, 20)
        row_pitch, column_pitch = 4 * self._int(0, 60), 4 * self._int(0, 30)
        last = (rows - 1) * row_pitch + (columns - 1) * column_pitch + 4 * words
        room = self._hardware.buffer_words - head - rows * pitch - tail
        return {
            "load": self._flip(0.7),
            "fill": self._flip(),
            "fill_value": self._choose([0.0, -np.inf]),
            "source": self._address(last),
            "source_pitch_y": row_pitch,
            "source_pitch_x": column_pitch,
            "load_rows": rows,
            "load_columns": columns,
            "load_words": words,
            "load_pitch_y": pitch,
            "load_base": self._int(0, room),
            "load_head": head,
            "load_tail": tail,
        }

    def _store(self, job: dict[str, Any]) -> dict[str, Any]:
        window_rows = self._int(1, min(3, job["position_rows"]))
        window_columns = self._int(1, min(3, job["position_columns"]))
        rows = self._int(1, job["position_rows"] // window_rows)
        columns = self._int(1, job["position_columns"] // window_columns)
        channels = job["channels"]
        pitch_x = 4 * (channels + self._int(0, 3))
        pitch_y = columns * pitch_x + 4 * self._int(0, 3)
        last = (rows - 1) * pitch_y + (columns - 1) * pitch_x + 4 * channels
        step_x = channels + self._int(0, 3)
        step_y = columns * step_x + self._int(0, 3)
        end = (rows - 1) * step_y + (columns - 1) * step_x + channels
        fits = end <= self._hardware.buffer_words
        to_memory = not fits or self._flip(0.7)
        destination = self._address(last)
        apart = abs(destination - (operand := self._address(last))) >= last
        places = {"parameters": self._parameters, **self._scales(destination, last, channels)}
        return {
            "store_memory": to_memory,
            "store_buffer": fits and (not to_memory or self._flip()),
            **self._function(),
            **places,
            "destination": destination,
            "residual": operand if apart else destination,
            "destination_pitch_x": pitch_x,
            "destination_pitch_y": pitch_y,
            "store_rows": rows,
            "store_columns": columns,
            "store_base": self._int(0, self._hardware.buffer_words - end) if fits else 0,
            "store_pitch_x": step_x,
            "store_pitch_y": step_y,
            "window_rows": window_rows,
            "window_columns": window_columns,
            "slope": self._choose([1.0, 0.125, 0.0]),
            **self._choose([{}, {"clamp_low": 0.0}, {"clamp_low": -0.5, "clamp_high": 0.25}]),
        }

    def _function(self) -> dict[str, Any]:
        applies = self._flip(0.3)
        factor = self._choose(Factor if applies else (Factor.SLOPE, Factor.SLOPE, Factor.OPERAND))
        return {
            "add_residual": factor != Factor.OPERAND and self._flip(0.4),
            "apply_table": applies,
            "load_table": self._flip(0.3 if applies else 0.1),
            "factor": factor,
            "coefficients": self._tables + TABLE_BYTES * self._int(0, self.TABLES - 1),
            "table_reach": self._int(0, 15),
            "table_fraction": self._int(0, 31),
        }

    def _scales(self, destination: int, size: int, channels: int) -> dict[str, Any]:
        """Draws scales among the values, apart from the results."""
        words = 4 * -(-channels // 4)
        place = self._address(4 * words)
        if self._flip(0.7) or destination - 4 * words < place < destination + size:
            return {}
        return {"scales_only": True, "parameters": place}

    def _address(self, size: int) -> int:
        """Returns where `size` bytes of values begin."""
        return BASE + 4 * self._int(0, self.VALUES - size // 4)

    def _int(self, low: int, high: int) -> int:
        return int(self._random.integers(low, high + 1))

    def _flip(self, probability: float = 0.5) -> bool:
        return bool(self._random.random() < probability)

    def _choose(self, options: Any) -> Any:
        options = list(options)
        return options[self._int(0, len(options) - 1)]
