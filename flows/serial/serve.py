"""Inference on a board that runs the server, on inputs that the host sends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flows.config import Config
from flows.errors import HeepstorError
from flows.repository import page
from flows.serial import image, loader, protocol, session
from flows.serial.inputs import Inputs
from flows.serial.link import Link, NoAnswer, Refused
from flows.serial.protocol import Buffers, Inference
from flows.terminal.progress import Progress
from flows.toolchain import firmware
from modelgen.samples import DTYPES, by_sample, words_of


@dataclass(frozen=True)
class Answer:
    """Outputs of one inference (samples x outputs of one), and its cycles."""

    outputs: np.ndarray
    cycles: int


@dataclass(frozen=True)
class Form:
    """The form of an inference's outputs."""

    sizes: Sequence[int]
    """For each of the model's outputs, the number of values for a sample."""
    batch: int
    """Samples that one inference takes."""
    element: str = "fp32"
    """The type of the values."""


def run(
    port: str,
    config: Config,
    server: Path,
    simulator: Path | None,
    inputs: Inputs,
    form: Form,
    progress: Progress,
) -> list[Answer]:
    """Run inferences on the board at `port`; return the answers.

    `server` is the server's ELF file, `simulator` the program for a simulated board. The server is
    only sent if it is not already running there. Raises HeepstorError if the board is missing or
    the wrong one, or if an inference fails.
    """
    with session.opened(port, config, simulator) as link:
        progress.show(f"asking {link.name}")
        with session.answering(link):
            buffers = serving(link, port, config, server, progress)
            check_size(buffers, inputs)
            return [
                infer(link, session.patience(port).inference, buffers, row, form)
                for row in progress.track(inputs.rows, "inferences", len(inputs.rows))
            ]


def serving(link: Link, port: str, config: Config, server: Path, progress: Progress) -> Buffers:
    """Make sure that exactly this server runs on the board; return its buffers."""
    board = session.identify(link, config)
    if board.role == protocol.SERVER:
        buffers = Buffers.unpack(link.request(protocol.BUFFERS).body)
        if buffers.program == firmware.program_id(server):
            return buffers
    session.load(link, port, config, image.read(server), progress)
    if not _serves(link):
        raise HeepstorError(
            f"the application on {link.name} was started but does not answer.{_last_lines(link)}"
        )
    return Buffers.unpack(link.request(protocol.BUFFERS).body)


def _serves(link: Link) -> bool:
    """Return whether a server answers."""
    try:
        return link.hello().role == protocol.SERVER
    except NoAnswer:
        return False


def check_size(buffers: Buffers, inputs: Inputs) -> None:
    """Raise HeepstorError unless the board expects as many values as an inference has."""
    expected = inputs.rows.itemsize * inputs.rows.shape[1]
    if buffers.input_bytes != expected:
        raise HeepstorError(
            f"the application on the board expects {buffers.input_bytes} bytes per inference; the "
            f"inputs have {expected}."
        )


def infer(link: Link, patience: float, buffers: Buffers, row: np.ndarray, form: Form) -> Answer:
    """Run one inference. Raises HeepstorError if the engine reports an error."""
    loader.write(link, buffers.input, row.astype(row.dtype.newbyteorder("<")).tobytes())
    try:
        reply = link.request(protocol.INFER, patience=patience)
    except Refused as error:
        raise HeepstorError(_why_refused(link, error)) from error
    inference = Inference.unpack(reply.body)
    if inference.error:
        raise HeepstorError(
            f"the engine stopped the inference: error {inference.error} in descriptor "
            f"{inference.index} at {inference.address:#x} ({page('registers.md')}, ERROR)."
        )
    data = loader.read(link, buffers.output, buffers.output_bytes)
    outputs = np.frombuffer(data, DTYPES[form.element]).reshape(1, -1)
    return Answer(by_sample(outputs, form.sizes, form.batch), inference.cycles)


def _why_refused(link: Link, error: Refused) -> str:
    """Return why there was no inference: the application may have ended and said why."""
    if link.greeting is None or not link.greeting.exited:
        return f"the board refuses the inference: {error}."
    return (
        f"the application on {link.name} ended during the inference (exit code "
        f"{link.greeting.exit_code}).{_last_lines(link)}"
    )


def _last_lines(link: Link) -> str:
    """Return what the board printed last, to be appended to a message."""
    if not link.last_lines:
        return ""
    return " Its last lines:\n" + "\n".join("  | " + line for line in link.last_lines)


def golden_inputs(model: Path) -> tuple[Inputs, np.ndarray]:
    """Return the project's test inputs and their golden outputs."""
    description = json.loads((model / "model.json").read_text())
    count = description["inputs"]
    dtype = DTYPES[description["elements"]["input"]]
    rows = np.fromfile(model / "src" / "inputs.bin", dtype).reshape(description["inferences"], -1)
    names = [f"test input {index}" for index in range(count)]
    return Inputs(names, rows), np.load(model / "golden" / "outputs.npy").reshape(count, -1)


def check_golden(answers: list[Answer], expected: np.ndarray) -> None:
    """Raise HeepstorError unless every output equals the golden output bit for bit."""
    got = np.concatenate([answer.outputs for answer in answers]).astype(expected.dtype)
    wrong = words_of(got) != words_of(expected)
    if wrong.any():
        index, position = np.argwhere(wrong)[0]
        raise HeepstorError(
            f"{wrong.sum()} of {wrong.size} outputs differ from the reference; the first is output "
            f"{position} of test input {index}: {got[index, position]:.9g}, expected "
            f"{expected[index, position]:.9g}."
        )
