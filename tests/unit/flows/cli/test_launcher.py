"""The launcher in a small repository of its own: real virtual environments, stand-in packages."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path

import pytest

from flows.repository import ROOT

# A stand-in for setuptools: a build backend whose editable wheel holds nothing.
BACKEND = """
import pathlib, time, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    slow = pathlib.Path("slow")
    if slow.exists():
        pathlib.Path("installing").touch()
        time.sleep(float(slow.read_text()))
    name = "heepstor-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        info = "heepstor-0.1.0.dist-info"
        for file, text in {
            "METADATA": "Metadata-Version: 2.1\\nName: heepstor\\nVersion: 0.1.0\\n",
            "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
            "RECORD": "",
        }.items():
            wheel.writestr(f"{info}/{file}", text)
    return name
"""

# A stand-in for the tasks: says where it runs and with what.
TASKS = """
import json, os, sys, importlib.metadata
print(json.dumps({
    "arguments": sys.argv[1:],
    "cwd": os.getcwd(),
    "from": os.environ["HEEPSTOR_CWD"],
    "prefix": sys.prefix,
    "stub": importlib.metadata.version("stub"),
}))
if sys.argv[1:] == ["fail"]:
    sys.exit(7)
"""


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    """Writes a wheel of pure Python."""
    info = f"{name}-{version}.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*contents, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**contents, f"{info}/RECORD": record}.items():
            wheel.writestr(path, text)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of the launcher with two stand-in packages to install."""
    root = tmp_path / "repository"
    shutil.copytree(ROOT / "flows" / "system", root / "flows" / "system")
    (root / "flows" / "__init__.py").touch()
    (root / "flows" / "cli").mkdir()
    shutil.copy2(ROOT / "heepstor", root)
    for name in ("launcher.py", "packages.py", "__init__.py"):
        shutil.copy2(ROOT / "flows" / "cli" / name, root / "flows" / "cli")
    (root / "flows" / "cli" / "__main__.py").write_text(TASKS)
    (root / "requirements.txt").write_text("# pins\nsetuptools==999.0\nstub==1.0\n")
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "backend"\n'
        '[project]\nname = "heepstor"\nversion = "0.1.0"\n'
    )
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    write_wheel(wheels, "setuptools", "999.0", {"backend.py": BACKEND})
    write_wheel(wheels, "stub", "1.0", {"stub.py": ""})
    write_wheel(wheels, "stub", "2.0", {"stub.py": ""})
    return root


def variables(root: Path, **more: str) -> dict[str, str]:
    """The environment: packages come from the stand-ins' folder and nowhere else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    python = {"HEEPSTOR_PYTHON": getattr(sys, "_base_executable", sys.executable)}
    wheels = str(root.parent / "wheels")
    pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels, "PIP_CONFIG_FILE": os.devnull}
    return {**kept, **python, **pip, **more}


def start(root: Path, *arguments: str, cwd: Path | None = None, **more: str) -> subprocess.Popen:
    return subprocess.Popen(
        [str(root / "heepstor"), *arguments],
        cwd=cwd or root,
        env=variables(root, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(root: Path, *arguments: str, cwd: Path | None = None, **more: str):
    """Runs the launcher; gives exit code, what the task printed as JSON, and stderr."""
    process = start(root, *arguments, cwd=cwd, **more)
    out, err = process.communicate(timeout=120)
    return process.returncode, json.loads(out) if out.startswith("{") else out, err


def test_a_working_folder_that_was_removed(repository: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'rmdir "{gone}"; exec "{repository / "heepstor"}" list'
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=gone,
        env=variables(repository),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "heepstor: the working folder was removed; change to one that exists." in done.stderr
    assert "Python" not in done.stderr


def test_standard_streams_may_be_closed(repository: Path) -> None:
    """Messages for a closed stream are lost, and do not land in the other one."""
    (repository / "requirements.txt").unlink()
    command = f'exec "{repository / "heepstor"}" list'
    kept = {"cwd": repository, "env": variables(repository), "capture_output": True, "text": True}
    done = subprocess.run(["sh", "-c", f"{command} 2>&-"], **kept)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    done = subprocess.run(["sh", "-c", f"{command} <&- >&-"], **kept)
    assert done.returncode == 1
    assert "No such file or directory" in done.stderr and "requirements.txt" in done.stderr


def test_an_error_of_the_system_names_a_place(repository: Path) -> None:
    """A write for which there is no space names no file: the message names the repository."""
    program = """
        import errno
        from flows.cli import launcher

        def fail(task):
            raise OSError(errno.ENOSPC, "No space left on device")

        launcher.ensure_environment = fail
        raise SystemExit(launcher.main(["list"]))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=repository,
        env={**variables(repository), "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"heepstor: No space left on device: {repository}. ")


def wait_for(path: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


def test_first_use_installs_and_later_uses_do_not(repository, tmp_path):
    code, task, err = run(repository, "build", "--project", "mnist", cwd=tmp_path)
    assert code == 0, err
    assert "creating .venv" in err and "installed" in err
    assert task["arguments"] == ["build", "--project", "mnist"]
    assert task["cwd"] == str(repository) and task["from"] == str(tmp_path)
    assert task["prefix"] == str(repository / ".venv") and task["stub"] == "1.0"
    command = [repository / ".venv/bin/python", "-I", "-c", "import flows; print(flows.__file__)"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    assert found == f"{repository}/flows/__init__.py\n", "the sources, from any folder"
    assert (repository / ".venv/FUSESOC_IGNORE").is_file(), "no cores of packages"

    started = time.monotonic()
    code, task, err = run(repository, "fail", cwd=tmp_path)
    assert (code, err) == (7, ""), "the task's exit code, and nothing installed"
    assert time.monotonic() - started < 2

    link = tmp_path / "link"
    link.symlink_to(repository / "heepstor")
    done = subprocess.run([str(link), "list"], env=variables(repository), capture_output=True)
    assert done.returncode == 0 and b'"list"' in done.stdout


def test_only_the_packages_changed(repository):
    assert run(repository, "list")[0] == 0
    made = (repository / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
    requirements = repository / "requirements.txt"
    requirements.write_text(requirements.read_text().replace("stub==1.0", "stub==2.0"))
    code, task, err = run(repository, "list")
    assert code == 0 and task["stub"] == "2.0" and "requirements changed" in err
    assert (repository / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == made

    requirements.write_text(requirements.read_text().replace("stub==2.0", "stub==3.0"))
    code, _, err = run(repository, "list")
    assert code == 1 and "stub==3.0" in err and "Traceback" not in err
    assert "this version is not where pip looks" in err
    requirements.write_text(requirements.read_text().replace("stub==3.0", "stub==2.0"))
    code, _, err = run(repository, "list")
    assert (code, err) == (0, ""), "a failed update that changed nothing leaves .venv usable"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_first_run_is_made_again(repository, stop):
    (repository / "slow").write_text("60")
    process = start(repository, "list")
    wait_for(repository / "installing")
    os.killpg(process.pid, stop)
    _, err = process.communicate(timeout=30)
    assert process.returncode == (130 if stop == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in err
    (repository / "slow").unlink()
    code, task, err = run(repository, "list")
    assert code == 0 and task["stub"] == "1.0"
    assert "incomplete" in err


def test_pip_outlives_a_killed_launcher(repository):
    (repository / "slow").write_text("3")
    process = start(repository, "list")
    wait_for(repository / "installing")
    process.kill()
    code, task, err = run(repository, "list")
    assert code == 0 and task["stub"] == "1.0", err
    assert "waiting for it" in err and "incomplete" in err
    process.communicate(timeout=30)


def test_two_first_runs_at_the_same_time(repository):
    (repository / "slow").write_text("2")
    first = start(repository, "list")
    wait_for(repository / ".venv")
    code, _, err = run(repository, "list")
    assert code == 0 and "waiting" in err and "creating" not in err
    _, err = first.communicate(timeout=60)
    assert first.returncode == 0 and "creating .venv" in err


def test_moved_repository_is_installed_again(repository):
    assert run(repository, "list")[0] == 0
    moved = repository.rename(repository.with_name("moved"))
    # Its .venv is activated: the Python that runs is the one that has to be replaced.
    own = str(moved / ".venv" / "bin" / "python")
    code, task, err = run(moved, "list", HEEPSTOR_PYTHON=own)
    assert code == 0 and "created elsewhere" in err
    assert task["prefix"] == str(moved / ".venv")


def folder_of_programs(folder: Path, *names: str) -> str:
    """A PATH that has these programs only."""
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(shutil.which(name))
    return str(folder)


SHELL = ("sh", "dirname", "head")


def test_path_with_a_space(repository):
    spaced = repository.rename(repository.with_name("a repository"))
    code, _, err = run(spaced, "build")
    assert code == 1 and not (spaced / ".venv").exists()
    assert f"contains a space ({spaced})" in err and "Move the repository" in err
    code, task, err = run(spaced, "list")
    assert code == 0 and task["prefix"] == str(spaced / ".venv") and "contains a space" in err


def test_missing_tools_are_named(repository, tmp_path):
    path = folder_of_programs(tmp_path / "bin", *SHELL)
    code, _, err = run(repository, "build", PATH=path)
    assert code == 1 and not (repository / ".venv").exists()
    for text in ("C++17 compiler is missing", "make is missing", "perl is missing", "needed for"):
        assert text in err
    code, task, err = run(repository, "list", PATH=path)
    assert code == 0 and task["stub"] == "1.0" and "make is missing" in err


@pytest.mark.parametrize(
    ("manager", "command"),
    [("apt-get", "apt-get install g++ make perl"), ("dnf", "dnf install gcc-c++ make perl")],
)
def test_install_command_fits_the_package_manager(repository, tmp_path, manager, command):
    path = folder_of_programs(tmp_path / "bin", *SHELL)
    (tmp_path / "bin" / manager).symlink_to("/bin/true")
    _, _, err = run(repository, "build", PATH=path)
    assert command in err


def test_python_is_missing_or_too_old(repository, tmp_path):
    path = folder_of_programs(tmp_path / "bin", *SHELL)
    code, _, err = run(repository, "list", PATH=path, HEEPSTOR_PYTHON="")
    assert code == 1 and "Python 3.10" in err
    old = tmp_path / "bin" / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 1\necho "Python 3.8.10"\n')
    old.chmod(0o755)
    code, _, err = run(repository, "list", PATH=path, HEEPSTOR_PYTHON="")
    assert code == 1 and f"Python 3.8.10 ({old})" in err


def test_no_network(repository):
    broken = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "1"}
    code, _, err = run(repository, "list", PIP_FIND_LINKS="", **broken)
    assert code == 1 and "package index cannot be reached" in err and "Traceback" not in err
    assert run(repository, "list")[0] == 0
