"""How tasks end: a message and an exit code, whatever happens, and never a traceback."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest

from flows.cli import endings
from flows.errors import HeepstorError
from flows.repository import ROOT
from flows.system import interrupts
from modelgen.errors import ModelError
from tests.support.processes import cli, run_python


@pytest.mark.parametrize("arguments", [("list",), ("list", "--json"), (), ("build", "--help")])
@pytest.mark.parametrize("buffered", [True, False])
def test_a_full_disk_behind_standard_output(arguments, buffered) -> None:
    variables = {**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"}
    with open("/dev/full", "w") as full:  # noqa: PTH123  (it is a device)
        done = cli(*arguments, stdout=full, env=variables)
        assert cli(*arguments, stdout=full, stderr=full, env=variables).returncode == 1
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "Error: standard output cannot be written: No space left on device."
    )


@pytest.mark.parametrize("arguments", [("list",), ("list", "--json")])
def test_a_reader_that_has_gone(arguments) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = cli(*arguments, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr.strip()) == (141, "")


def interrupt_at(module: str) -> str:
    """A program that is interrupted when the command line first imports a module."""
    return f"""
        import os, signal, sys
        class Finder:
            def find_spec(self, name, path=None, target=None):
                if name == {module!r}:
                    sys.meta_path.remove(self)
                    os.kill(os.getpid(), signal.SIGINT)
        sys.meta_path.insert(0, Finder())
        sys.argv = ["heepstor", "list"]
        import runpy
        runpy.run_module("flows.cli", run_name="__main__")
    """


@pytest.mark.parametrize("module", ["invoke", "flows.cli.pairs", "flows.cli.listing", "rich.table"])
def test_ctrl_c_while_modules_are_imported(module: str) -> None:
    done = run_python(interrupt_at(module), ROOT)
    assert done.returncode == 130
    assert done.stderr.strip() == "Interrupted. Completed work is kept."


def test_a_signal_counts_whatever_a_library_makes_of_it(tmp_path: Path) -> None:
    with interrupts.as_exceptions():
        try:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            except BaseException as error:
                raise TypeError("not a subtype") from error
        except TypeError as error:
            ending = endings.of(error, tmp_path)
    assert (ending.code, ending.message) == (143, "\nTerminated. Completed work is kept.")


def test_endings(tmp_path: Path) -> None:
    def ending(error: BaseException) -> tuple[int, str]:
        found = endings.of(error, tmp_path)
        return found.code, found.message.strip()

    assert ending(HeepstorError("no", code=7)) == (7, "Error: no")
    assert ending(ModelError("no")) == (1, "Error: no")
    assert ending(KeyboardInterrupt()) == (130, "Interrupted. Completed work is kept.")
    full = OSError(errno.ENOSPC, "No space left on device")
    assert ending(full)[1].startswith("Error: standard output, or a file in build/: No space left")
    assert ending(MemoryError())[1].startswith("Error: out of memory")


def test_a_bug_is_one_line_and_a_traceback_to_send(tmp_path: Path) -> None:
    try:
        raise KeyError("a\nb \udcff")
    except KeyError as error:
        ending = endings.of(error, tmp_path)
    log = tmp_path / "build" / "error.log"
    assert len(ending.message.strip().splitlines()) == 1
    assert ending.message.endswith(f"bug in HEEPstor; please report it with {log}.")
    assert "raise KeyError" in log.read_text()
    (tmp_path / "build").rename(tmp_path / "kept")
    (tmp_path / "build").touch()
    text = endings.of(KeyError(1), tmp_path).message
    assert text.startswith("\nKeyError: 1\n"), "there is no other place"
