"""What the end-to-end tests share: simulators, built once a configuration, and copies to edit."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from flows import config as configuration
from flows.simulate import hardware
from flows.stages.hashing import FileHashes
from flows.stages.options import Options
from flows.stages.pipeline import BUILD, Pipeline
from flows.stages.run import run
from flows.stages.stage import Runner
from flows.terminal.progress import Progress, Terminal

ROOT = Path(__file__).resolve().parents[2]
_NOT_COPIED = {"build", ".venv", "data", ".git", ".hypothesis"}


CORNERS: dict[str, dict[str, int | str]] = {
    "smallest": {
        "array_size": 4,
        "port_words": 1,
        "buffer_words": 256,
        "accumulator_depth": 16,
        "banks": 1,
        "bank_kib": 1024,
        "fifo_depth": 2,
    },
    "default": {},
    "odd": {"array_size": 12, "port_words": 2, "int8": "false", "clock_divider": 3},
    "largest": {"array_size": 32, "accumulator_depth": 4096, "banks": 32, "bank_kib": 64},
}
"""Hardware at the corners of what can be configured: other values for some knobs."""


def write_config(path: Path, **knobs: int | str) -> Path:
    """Writes the repository's configuration with other values for some knobs."""
    text = (ROOT / "heepstor_cfg.hjson").read_text()
    for name, value in knobs.items():
        text, count = re.subn(rf"(?m)^(\s*{name}:\s*)\S+$", rf"\g<1>{value}", text)
        assert count == 1, f"{name} is not a knob"
    path.write_text(text)
    return path


def simulator(config_path: Path) -> Path:
    """The simulator of a configuration; built in the repository, where later runs find it."""
    run(ROOT, Options("", config_path), "hardware", Terminal(sys.stderr))
    return hardware.folder(configuration.load(config_path)) / hardware.SIMULATOR


def left_out(folder: str, names: list[str]) -> set[str]:
    """What lies in the repository without belonging to it."""
    at_root = _NOT_COPIED if Path(folder) == ROOT else set()
    return {name for name in names if name in at_root or name.endswith(("_cache", "__pycache__"))}


class Copy:
    """A copy of the repository without what was built, in which tests may edit and break things."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT, root, ignore=left_out)
        if (ROOT / "data").exists():
            shutil.copytree(ROOT / "data", root / "data")

    def bring_simulator(self, config_path: Path) -> None:
        """Puts the repository's simulator here, with its manifest: it counts as up to date."""
        built = simulator(config_path)
        target = self.root / built.relative_to(ROOT)
        shutil.copytree(built, target, dirs_exist_ok=True)

    def environment(self) -> dict[str, str]:
        """Python finds the packages here before those of the repository."""
        dropped = ("HEEPSTOR_CONFIG", "HEEPSTOR_CWD")
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        return {**kept, "PYTHONPATH": str(self.root)}

    def start(self, *arguments: str) -> subprocess.Popen:
        """Starts a task in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "flows.cli", *arguments],
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def task(self, *arguments: str) -> tuple[int, str, str]:
        """Runs a task; gives exit code, stdout, stderr."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=600)
        return process.returncode, out, err

    def build(self, *options: str) -> dict:
        """Runs `build --project mnist --json`; gives what it reports."""
        code, out, err = self.task("build", "--project", "mnist", "--json", *options)
        assert code == 0, err
        return json.loads(out)

    def stale(self) -> set[str]:
        """The stages whose own inputs have changed since they ran."""
        options = Options("mnist", self.root / "heepstor_cfg.hjson", inputs=2)
        pipeline = Pipeline(self.root, options, Progress)
        runner = Runner(self.root, FileHashes())
        stages = {name: pipeline.stage(name) for name in BUILD}
        return {n for n, stage in stages.items() if runner.why_stale(stage, runner.inputs(stage))}

    def reads(self, stage: str) -> tuple[set[str], set[str]]:
        """Runs a stage's work; gives what it read in the repository, and its declared inputs.

        Both as names in a manifest: relative to the repository, and `<stage>/<output>`.
        """
        done = subprocess.run(
            [sys.executable, "-c", _READS, str(self.root), stage],
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        read, declared = json.loads(done.stdout.splitlines()[-1])
        return set(read), set(declared)


_READS = """
import json, os, sys, tempfile
from pathlib import Path
from flows.stages.hashing import FileHashes
from flows.stages.options import Options
from flows.stages.pipeline import PREREQUISITES, Pipeline
from flows.terminal.progress import Progress
from flows.stages.recorder import ABSENT, FILE, recording, state
from flows.stages.stage import Runner

root, name = Path(sys.argv[1]), sys.argv[2]
pipeline = Pipeline(root, Options("mnist", root / "heepstor_cfg.hjson", inputs=2), Progress)
stage = pipeline.stage(name)
declared = Runner(root, FileHashes()).declared(stage)
with tempfile.TemporaryDirectory() as out:
    with recording([Path(out)]) as recorder:
        stage.work(Path(out))
folders = {f"{pipeline.stage(earlier).folder}/": earlier for earlier in PREREQUISITES[name]}

def shown(path):
    for folder, earlier in folders.items():
        if path.startswith(folder) and not path.endswith("/manifest.json"):
            return f"{earlier}/{path.removeprefix(folder)}"
    return os.path.relpath(path, root)

inside = [path for path in recorder.found[FILE] if path.startswith(f"{root}/")]
print(json.dumps([[shown(p) for p in inside if state(FILE, p) == "file"], list(declared)]))
"""


def ran(result: dict) -> list[str]:
    """The stages that a build ran, of what `Copy.build` gives."""
    return [stage["name"] for stage in result["stages"] if stage["ran"]]
