"""Running the application on the simulated SoC and checking every output.

Outputs must equal the NumPy reference bit for bit, and the quantized graph in PyTorch within the
tolerance that the compiler derives for each of them. Their difference from the user's own module,
whose weights are not quantized, is measured.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flows.errors import HeepstorError
from flows.simulate.device_log import DeviceLog, LogReader
from flows.system.processes import run_lines
from flows.terminal.progress import Progress
from modelgen.agreement import RUNTIMES, agrees, differences
from modelgen.samples import by_sample, values_of, words_of
from modelgen.strict_json import finite

# A guard against programs that never end; far more than any network here takes.
MAX_CYCLES = 20_000_000_000
LOG = "output.log"
STATISTICS = "stats.json"
RESULT = "simulation.json"

_LARGEST_SEED = 2**31 - 1
_SHOWN_LINES = 15
_SHOWN_DIFFERENCES = 5


def run(simulator: Path, elf: Path, model: Path, out: Path, progress: Progress) -> None:
    """Simulate firmware; write its output, statistics and simulation.json to `out`.

    `model` is the folder of the generate stage: model.json and the golden outputs. Raises
    HeepstorError if the simulation fails or any output is wrong.
    """
    inferences = json.loads((model / "model.json").read_text())["inferences"]
    seed = new_seed()
    log = execute(simulator, elf, out, progress, inferences, seed)
    try:
        result = check(log, model)
    except HeepstorError as error:
        raise HeepstorError(f"{error}\n{_by_hand(simulator, elf, seed)}") from None
    (out / RESULT).write_text(json.dumps(result, indent=1) + "\n")


def new_seed() -> int:
    """Return a new seed for the junk in memories and registers."""
    return 1 + secrets.randbelow(_LARGEST_SEED)


def _by_hand(simulator: Path, elf: Path, seed: int) -> str:
    """Return how to repeat a run, with the same junk in memories and registers."""
    return f"To repeat it: {simulator} --firmware={elf} --seed={seed}"


def check(log: DeviceLog, model: Path) -> dict:
    """Compare what the firmware reported with the golden outputs; return the result for JSON.

    `model` is the folder of the generate stage. Raises HeepstorError if any output is wrong. A
    difference that is not finite becomes None.
    """
    golden = model / "golden"
    description = json.loads((model / "model.json").read_text())
    expected = np.load(golden / "outputs.npy").reshape(description["inferences"], -1)
    element = description["elements"]["output"]
    _arrange_by_sample(log, description)
    take_unprinted(log, expected)
    check_bits(log, expected, element)
    result = {
        "inputs": _inferences(log, description),
        "stack_bytes": log.stack_bytes,
        "contract": description["contract"],
        "element": element,
        **_differences(log, golden, description["contract"], element),
    }
    return finite(result)


def _differences(log: DeviceLog, golden: Path, contract: str, element: str) -> dict:
    """Return the largest differences from the quantized network and from the original model.

    Raises HeepstorError if outputs are not within the tolerance, or, under the contract of a
    runtime, differ from its outputs in any bit.
    """
    # A benchmark's program may have no model that it came from.
    module = golden / "module.npy"
    if contract in RUNTIMES:
        check_runtime(log, np.load(module), contract, element)
        return {"quantized_difference": None, "module_difference": 0.0}
    if contract != "fp32":
        largest = _difference_to_module(log, module, element)
        return {"quantized_difference": None, "module_difference": largest}
    quantized, allowed = (np.load(golden / f"{name}.npy") for name in ("quantized", "tolerance"))
    difference = _difference_to_module(log, module, element) if module.exists() else None
    return {
        "quantized_difference": check_quantized(log, quantized, allowed, element),
        "module_difference": difference,
    }


def check_runtime(log: DeviceLog, expected: np.ndarray, contract: str, element: str) -> None:
    """Compare every output with that of the runtime whose contract it is, bit for bit."""
    got = words_of(outputs_of(log, element).astype(expected.dtype).reshape(expected.shape))
    wrong = got != words_of(expected)
    if wrong.any():
        index, position = np.argwhere(wrong)[0]
        raise HeepstorError(
            f"{wrong.sum()} of {wrong.size} outputs differ from the runtime's (contract "
            f"{contract}): the first is output {position} of input {index}, expected "
            f"{expected[index, position]}."
        )


def execute(
    simulator: Path,
    elf: Path,
    out: Path,
    progress: Progress,
    inferences: int | None = None,
    seed: int | None = None,
    options: Sequence[str] = (),
) -> DeviceLog:
    """Run the simulator to the end; return what the firmware reported.

    `seed` determines the initial junk in memories and registers (None: random); `options` are
    others of the simulator. Raises
    HeepstorError with the end of the output if the exit code is not 0.
    """
    reader = LogReader()
    printed: list[str] = []

    def take(line: str) -> None:
        printed.append(line)
        if reader.read(line) and line.startswith("# input"):
            done = len(reader.log.inputs)
            cycles = reader.log.inputs[max(reader.log.inputs)].cycles
            of = f"/{inferences}" if inferences else ""
            progress.show(f"inference {done}{of}: {cycles:,} cycles")

    seed = seed or new_seed()
    progress.show("running on the simulated SoC")
    command = [
        str(simulator),
        f"--firmware={elf}",
        f"--seed={seed}",
        f"--stats={out / STATISTICS}",
        f"--max-cycles={MAX_CYCLES}",
        *options,
    ]
    code = run_lines(command, take)
    (out / LOG).write_text("\n".join(printed) + "\n")
    # The firmware's own check fails on the same values, but the checks here explain them better.
    if code != 0 and not reader.log.mismatches:
        tail = "\n".join("  | " + line for line in printed[-_SHOWN_LINES:])
        raise HeepstorError(
            f"the simulation failed (exit code {code}). Its last lines:\n{tail}\n"
            f"{_by_hand(simulator, elf, seed)}"
        )
    return reader.log


def _arrange_by_sample(log: DeviceLog, description: dict) -> None:
    """Put printed outputs into the order of the golden ones.

    The device has one output for the whole batch after another, the files all outputs of a sample.
    """
    sizes, batch = description["outputs"], description["batch"]
    for run in log.inputs.values():
        if len(run.outputs) == batch * sum(sizes):
            row = np.array([run.outputs], np.uint32)
            run.outputs = by_sample(row, sizes, batch).reshape(-1).tolist()


def take_unprinted(log: DeviceLog, golden: np.ndarray) -> None:
    """Fill in outputs that were not printed, as printing many takes longer than the inference.

    The firmware itself compares all outputs with the golden ones, and found no difference.
    """
    if log.mismatches == 0 and not any(run.outputs for run in log.inputs.values()):
        for index, run in log.inputs.items():
            run.outputs = words_of(golden[index]).tolist()


def check_bits(log: DeviceLog, golden: np.ndarray, element: str = "fp32") -> None:
    """Compare every output with the golden outputs (inferences x outputs of one)."""
    count = golden.shape[0]
    missing = [index for index in range(count) if index not in log.inputs]
    if missing or log.mismatches is None:
        raise HeepstorError(
            f"the firmware reported {count - len(missing)} of {count} inferences"
            + (" and did not end." if log.mismatches is None else ".")
        )
    expected = words_of(golden)
    wrong = []
    for index in range(count):
        outputs = np.array(log.inputs[index].outputs, dtype=np.uint32)
        if outputs.size != expected.shape[1]:
            raise HeepstorError(
                f"inference {index} has {outputs.size} outputs; the model has {expected.shape[1]}."
            )
        for position in np.flatnonzero(outputs != expected[index]):
            wrong.append((index, position, outputs[position], expected[index, position]))
    if wrong or log.mismatches:
        raise HeepstorError(_describe_wrong(wrong, expected.size, log.mismatches, element))


def _describe_wrong(wrong: list, total: int, reported: int, element: str) -> str:
    lines = [
        f"{len(wrong)} of {total} outputs differ from the reference, which they must equal bit for "
        f"bit (the firmware itself counted {reported}):"
    ]
    for index, position, got, expected in wrong[:_SHOWN_DIFFERENCES]:
        lines.append(
            f"  inference {index}, output {position}: {_value(got, element):.9g} (0x{got:08x}), "
            f"expected {_value(expected, element):.9g} (0x{expected:08x})"
        )
    if reported:
        lines.append(
            "Hardware, device code and reference disagree: this is a bug in HEEPstor; "
            "please report it."
        )
    return "\n".join(lines)


def _value(bits: np.uint32, element: str) -> float:
    return float(values_of(np.array([bits], np.uint32), element)[0])


def outputs_of(log: DeviceLog, element: str) -> np.ndarray:
    """Return all outputs as FP32: inferences x outputs of one."""
    rows = [log.inputs[index].outputs for index in sorted(log.inputs)]
    return values_of(np.array(rows, np.uint32), element).astype(np.float32)


def check_quantized(
    log: DeviceLog, expected: np.ndarray, allowed: np.ndarray, element: str = "fp32"
) -> float:
    """Compare with the outputs of the quantized graph in PyTorch; return the largest difference.

    Passes where |difference| <= allowed, output by output; raises HeepstorError otherwise.
    """
    got = outputs_of(log, element)
    wanted = expected.reshape(got.shape)
    allowed = allowed.reshape(got.shape)
    good = agrees(got, wanted, allowed)
    if not good.all():
        index, position = np.argwhere(~good)[0]
        raise HeepstorError(
            f"{(~good).sum()} of {good.size} outputs differ from the quantized graph in PyTorch "
            f"by more than the tolerance: inference {index}, output {position} is "
            f"{got[index, position]:.9g}, in PyTorch {wanted[index, position]:.9g}, tolerance "
            f"{allowed[index, position]:.2g}."
        )
    return float(differences(got, wanted).max(initial=0.0))


def _difference_to_module(log: DeviceLog, path: Path, element: str) -> float:
    """Return the largest difference from the user's module, whose outputs are in `path`."""
    got = outputs_of(log, element)
    return float(differences(got, np.load(path).reshape(got.shape)).max(initial=0.0))


def _inferences(log: DeviceLog, model: dict) -> list[dict]:
    return [
        {
            "index": index,
            "cycles": run.cycles,
            "outputs": [f"{bits:08x}" for bits in run.outputs],
            "layers": {
                layer: counters._asdict() for layer, counters in run.layer_counters(model).items()
            },
            "cpu": run.cpu,
        }
        for index, run in sorted(log.inputs.items())
    ]
