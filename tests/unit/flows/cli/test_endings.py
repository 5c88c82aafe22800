"""How tasks end: a message and an exit code, whatever happens, and never a traceback."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.cli import endings
from flows.errors import HeepstorError
from flows.repository import ROOT
from flows.system import interrupts
from flows.system.files import describe, read_json, remove, write_whole
from modelgen.errors import ModelError

RDL = ROOT / "cores" / "engine" / "engine.rdl"


def cli(*arguments: str, module: str = "flows.cli", **options) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own."""
    command = [sys.executable, "-m", module, *arguments]
    pipes = {name: subprocess.PIPE for name in ("stdout", "stderr") if name not in options}
    return subprocess.run(command, cwd=ROOT, text=True, timeout=120, **pipes, **options)


def run_python(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(params=[(0,), (1,), (2,), (0, 1, 2)])
def closed(request) -> tuple[int, ...]:
    """The descriptors of the standard streams that a program is started without."""
    return request.param


def close_all(descriptors: tuple[int, ...]) -> Callable[[], object]:
    return lambda: [os.close(descriptor) for descriptor in descriptors]


@pytest.mark.parametrize(
    ("arguments", "printed"), [(["list"], "mnist"), (["build", "--help"], "--project")]
)
def test_standard_streams_may_be_closed(closed, arguments, printed) -> None:
    """What is printed is lost, and does not land in the files that are opened next."""
    done = cli(*arguments, preexec_fn=close_all(closed))
    assert (done.returncode, done.stderr) == (0, "")
    assert (printed in done.stdout) == (1 not in closed)


def test_mistakes_are_noticed_without_standard_streams(closed) -> None:
    assert cli("biuld", preexec_fn=close_all(closed)).returncode == 1


def test_standard_streams_may_be_closed_for_invoke(closed) -> None:
    done = cli("list", module="invoke", preexec_fn=close_all(closed))
    assert (done.returncode, done.stderr) == (0, "")
    assert ("mnist" in done.stdout) == (1 not in closed)


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
    assert done.stderr.strip() == "Interrupted. What was complete is kept."


def test_signals_that_come_before_they_can_be_handled_wait() -> None:
    """As the launcher hands them on."""
    interrupts.block()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "list"], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
    finally:
        interrupts.unblock()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert err.strip() == "Terminated. What was complete is kept."


def test_ctrl_c_while_registers_are_read(tmp_path: Path) -> None:
    """The parser's extension makes TypeErrors of what is raised in it."""
    program = f"""
        import os, random, signal, time
        from flows.system import interrupts
        from flows.contract import registers
        random.seed(0)
        started = time.monotonic()
        registers.compile_rdl({str(RDL)!r})
        duration = time.monotonic() - started
        interrupted = 0
        while interrupted < 30:
            with interrupts.as_exceptions():
                try:
                    try:
                        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), 2))
                        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.01, 0.9) * duration)
                        registers.compile_rdl({str(RDL)!r})
                    finally:
                        signal.setitimer(signal.ITIMER_REAL, 0)
                except interrupts.Interrupted:
                    interrupted += 1
    """
    done = run_python(program, tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_signal_counts_whatever_a_library_makes_of_it(tmp_path: Path) -> None:
    with interrupts.as_exceptions():
        try:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            except BaseException as error:
                raise TypeError("not a subtype") from error
        except TypeError as error:
            ending = endings.of(error, tmp_path)
    assert (ending.code, ending.message) == (143, "\nTerminated. What was complete is kept.")


def test_endings(tmp_path: Path) -> None:
    def ending(error: BaseException) -> tuple[int, str]:
        found = endings.of(error, tmp_path)
        return found.code, found.message.strip()

    assert ending(HeepstorError("no", code=7)) == (7, "Error: no")
    assert ending(ModelError("no")) == (1, "Error: no")
    assert ending(KeyboardInterrupt()) == (130, "Interrupted. What was complete is kept.")
    full = OSError(errno.ENOSPC, "No space left on device")
    assert ending(full)[1].startswith("Error: standard output, or a file in build/: No space left")
    assert ending(MemoryError())[1].startswith("Error: there is not enough memory")


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


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.EISDIR, "expected a file, found a folder"),
        (errno.ENOTDIR, "expected a folder, found a file"),
        (errno.EEXIST, "expected a folder, found a file"),
        (errno.EACCES, "do build/ and data/ belong to this user"),
        (errno.ENOSPC, "free some space"),
    ],
)
def test_errors_of_the_system_say_where_and_what_to_do(number: int, text: str) -> None:
    assert text in describe(OSError(number, os.strerror(number), "a/b"))
    assert describe(OSError(number, os.strerror(number), "a/b")).startswith("a/b: ")
    assert describe(OSError(number, os.strerror(number)), "place").startswith("place: ")


def test_the_file_in_the_way_is_named(tmp_path: Path) -> None:
    """It may be a folder above the one that cannot be made."""
    (tmp_path / "build").touch()
    with pytest.raises(OSError) as raised:
        write_whole(tmp_path / "build" / "deep" / "file", "text")
    text = describe(raised.value)
    assert text.startswith(f"{tmp_path / 'build'}: ")
    assert "expected a folder, found a file; remove it or name another" in text


@pytest.mark.parametrize("kind", ["nothing", "file", "folder", "link", "broken link"])
def test_what_is_removed(tmp_path: Path, kind: str) -> None:
    """Of links only themselves are."""
    path, kept = tmp_path / "path", tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    if kind == "file":
        path.touch()
    elif kind == "folder":
        (path / "inner").mkdir(parents=True)
    elif kind != "nothing":
        path.symlink_to(kept if kind == "link" else tmp_path / "nowhere")
    remove(path)
    assert list(tmp_path.rglob("*")) == [kept, kept / "file"]


def test_a_write_that_fails_names_its_file(tmp_path: Path) -> None:
    program = """
        import resource
        from pathlib import Path
        from flows.system.files import write_whole
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
        try:
            write_whole(Path("file"), "x" * 100)
        except OSError as error:
            assert error.filename.endswith("file"), error
    """
    done = run_python(program, tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_damaged_json_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    assert read_json(path) is None


def test_json_is_in_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_json(tmp_path) is None
    assert read_json(tmp_path / "pipe") is None
    assert read_json(tmp_path / "nowhere") is None
    write_whole(tmp_path / "file", "[1]")
    assert read_json(tmp_path / "file") == [1]
