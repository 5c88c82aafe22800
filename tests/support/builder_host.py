"""Calls of the C++ builder of descriptors, compiled for the host."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from flows import config
from flows.contract import cpp, description
from flows.repository import ROOT
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES

SOURCE = """
#include <cstdio>
#include "heepstor/engine.hpp"
namespace engine = heepstor::engine;
const engine::Descriptor jobs[] = {
%s
};
int main() { std::fwrite(jobs, sizeof(jobs[0]), sizeof(jobs) / sizeof(jobs[0]), stdout); }
"""


def built(jobs: Sequence[list[str]], folder: Path) -> list[bytes]:
    """Return the descriptors that calls build, which have addresses as numbers.

    Args:
        jobs: the calls of each; the first of them creates it.
        folder: for source and program.
    """
    config.write_cpp_header(config.load(), folder / "heepstor_config.hpp")
    cpp.write_header(description.load(), folder)
    lines = (f"    engine::{'.'.join(calls)}," for calls in jobs)
    (folder / "jobs.cpp").write_text(SOURCE % "\n".join(lines), encoding="utf-8")
    includes = [f"-I{folder}", f"-I{ROOT / 'sw' / 'include'}"]
    program = folder / "jobs"
    command = ["c++", "-std=c++17", *includes, str(folder / "jobs.cpp"), "-o", str(program)]
    subprocess.run(command, check=True)
    image = subprocess.run([program], capture_output=True, check=True).stdout
    places = range(0, len(image), DESCRIPTOR_BYTES)
    return [image[place : place + DESCRIPTOR_BYTES] for place in places]
