"""The Vivado project of the ZCU104 as its tests make it."""

import subprocess

from flows import config, fusesoc

ROOT = config.DEFAULT_PATH.parent
NAME = "heepstor_systems_heepstor_1.0.0"
BOARD_FILE = "xilinx.com:zcu104:part0:1.1"
PART = "xczu7ev-ffvc1156-2-e"


def run_fusesoc(work, *arguments, after=(), **variables):
    """Runs the target zcu104 as a user does; returns exit code and output."""
    command = [fusesoc.command(), "--config", str(ROOT / "fusesoc.conf"), "run", "--target=zcu104"]
    command += [*arguments, f"--work-root={work}", "heepstor", *after]
    return run(command, ROOT, **variables)


def run(command, folder, **variables):
    environment = {**fusesoc.environment(ROOT, config.DEFAULT_PATH), **variables}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout
