"""FuseSoC generator: the self-test firmware, compiled for the hardware configuration."""

import shutil
import sys
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows import config
from flows.fusesoc import generator
from flows.toolchain import firmware


def generate(request: generator.Request) -> None:
    """Write the program and its core into the current folder."""
    sources = config.DEFAULT_PATH.parent / request.parameters["sources"]
    built = firmware.build(sources, Path("firmware").absolute(), config.load())
    shutil.copyfile(built.elf, "selftest.elf")
    # The simulator runs in this folder and finds the copy by the name in the target's parameter.
    entry = {"selftest.elf": {"file_type": "user", "copyto": "selftest.elf"}}
    core = {
        "name": request.vlnv,
        "description": "Self-test firmware",
        "filesets": {"program": {"files": [entry]}},
        "targets": {"default": {"description": "ELF file", "filesets": ["program"]}},
    }
    Path("selftest.core").write_text(
        "CAPI=2:\n" + yaml.safe_dump(core, sort_keys=False), encoding="utf-8"
    )


if __name__ == "__main__":
    generator.run(generate)
