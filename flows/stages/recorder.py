"""Recording what Python code reads while it runs, so that changes can be detected.

Interpreter and libraries announce the files that they open by audit events (`sys.audit`, PEP 578).
Code that looks for a file calls `os.stat`, which is replaced during recording, and so is the access
to environment variables. What escapes all these is noted as untracked: started programs and
processes, and network connections.
"""

from __future__ import annotations

import _collections_abc
import contextlib
import functools
import hashlib
import importlib.metadata
import importlib.util
import inspect
import linecache
import os
import pathlib
import site
import stat
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

FILE, FOLDER, VARIABLE, PACKAGE = "files", "folders", "variables", "packages"
"""What counts: a file's content or absence; the names in a folder; a variable's value; an installed
package's version."""
ABSENT = "absent"
UNSETTLED = "changed while it was read"
"""In place of a state: differs from any state, so that the next run does the work again."""

# Devices and the kernel's own files: not inputs that somebody could change.
_SYSTEM = ("/dev", "/proc", "/sys")
# Downloads are verified by a published checksum, and read from the file that is written.
_VERIFIED = (str(Path(__file__).parents[2] / "modelgen" / "workload" / "data" / "download.py"),)
_IMPORT_SYSTEM = "<frozen importlib._bootstrap"
# They look for installed packages, for sources to quote, or in a cache of their own.
_WITHOUT_EFFECT = (
    importlib.metadata.__file__,
    inspect.__file__,
    linecache.__file__,
    "/site-packages/torch/_inductor/",
)
_PROCESS_EVENTS = {
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "subprocess.Popen",
}
# The callers between the code that asks for a variable and `os.environ`.
_MAPPING = (os.__file__, _collections_abc.__file__, "<frozen os>", "<frozen _collections_abc>")
# For each event, the index of the argument with a file that native code reads, if it is a path.
_FILE_EVENTS = {"ctypes.dlopen": 0, "import": 1, "sqlite3.connect": 0}
_NETWORK_EVENTS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
# For each event, the index of the argument with the path that is created or removed.
_CHANGES = {
    "os.link": (1,),
    "os.mkdir": (0,),
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.rmdir": (0,),
    "os.symlink": (1,),
    "os.truncate": (0,),
}
_stat, _lstat = os.stat, os.lstat
_get_variable = type(os.environ).__getitem__


class Recorder:
    """What was read, by kind; see `recording`.

    `found` maps each kind to names and their states at first use. Paths are absolute, and otherwise
    as given. `untracked` says what else was done, in words that follow "it".
    """

    def __init__(self, ignored: Iterable[Path]) -> None:
        self.found: dict[str, dict[str, str]] = {FILE: {}, FOLDER: {}, VARIABLE: {}, PACKAGE: {}}
        self.untracked: dict[str, None] = {}
        self._changed: set[str] = set()
        self._created: set[str] = set()
        self._ignored = {*_installed(), *_SYSTEM, *map(os.path.realpath, ignored)}

    def note(self, kind: str, name: Any) -> None:
        """Note a file or a folder and its state, unless it is already known."""
        path = _absolute(name)
        if path is None or path in self.found[kind] or self._is_ignored(path):
            return
        if not _is_without_effect(kind):
            self.found[kind][path] = state(kind, path, _identity)

    def note_opened(self, name: Any) -> None:
        """Note a file that is opened for reading; pipes and devices are untracked."""
        path = _absolute(name)
        if path is not None and _is_stream(path) and not self._is_ignored(path):
            self.note_untracked(f"read {path}")
        else:
            self.note(FILE, name)

    def note_variable(self, name: Any) -> None:
        """Note an environment variable that is read, except by an installed package."""
        if isinstance(name, str) and name not in self.found[VARIABLE]:
            asking = next((file for file in _callers() if file not in _MAPPING), "")
            if not is_installed(asking):
                self.found[VARIABLE][name] = state(VARIABLE, name)

    def note_packages(self) -> None:
        """Note all installed packages that have a module loaded."""
        loaded = {name.partition(".")[0] for name in sys.modules}
        for package in importlib.metadata.distributions():
            if not loaded.isdisjoint(_modules(package)):
                name = package.metadata["Name"]
                self.found[PACKAGE][name] = state(PACKAGE, name)

    def note_untracked(self, what: str) -> None:
        """Note an action whose inputs cannot be known."""
        self.untracked[what] = None

    def note_change(self, name: Any) -> None:
        """Note that the code itself is about to create, change or remove a file or a folder."""
        path = _absolute(name)
        if path is not None:
            self._changed.add(path)
            if state(FILE, path) == ABSENT:
                self._created.add(path)

    def settled(self) -> Iterator[tuple[str, str, bool]]:
        """Yield kind and name of every input, and whether nobody else changed it meanwhile.

        Temporary files are left out.
        """
        for kind, states in self.found.items():
            for name, before in states.items():
                now = state(kind, name, _identity)
                if now != ABSENT or not _is_inside(name, self._created):
                    yield kind, name, before == now or self._is_own(name)

    def _is_ignored(self, path: str) -> bool:
        return _is_inside(path, self._ignored) or _is_inside(os.path.realpath(path), self._ignored)

    def _is_own(self, path: str) -> bool:
        """Return whether the code itself changed a path, its folder, or something in it."""
        inside = any(str(Path(changed).parent) == path for changed in self._changed)
        return inside or _is_inside(path, self._changed)


def state(kind: str, name: str, of_file: Callable[[str], str] | None = None) -> str:
    """Return the state of an input; for a regular file, what `of_file` returns, such as a hash."""
    if kind == VARIABLE:
        value = os.environ.get(name)
        return ABSENT if value is None else hashlib.sha256(os.fsencode(value)).hexdigest()
    if kind == PACKAGE:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return ABSENT
    try:
        mode = _stat(name).st_mode
        if stat.S_ISDIR(mode):
            return _listing(name) if kind == FOLDER else "folder"
        return of_file(name) if of_file and stat.S_ISREG(mode) else "file"
    except OSError:
        return ABSENT


def _listing(path: str) -> str:
    with os.scandir(path) as entries:
        names = sorted(entry.name + "/" * entry.is_dir() for entry in entries)
    return hashlib.sha256("\0".join(names).encode(errors="surrogateescape")).hexdigest()


def _is_stream(path: str) -> bool:
    """Return whether a path is a pipe, a socket or a device: reading it consumes its content."""
    try:
        mode = _stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _identity(path: str) -> str:
    """Return a file's file-system metadata, which changes with every write."""
    found = _stat(path)
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def _absolute(name: Any) -> str | None:
    """Return an absolute path; `..` is kept, as its meaning depends on links before it."""
    try:
        if isinstance(name, int):
            return str(Path(f"/proc/self/fd/{name}").readlink())
        return str(Path.cwd() / ("" if name is None else os.fsdecode(name)))
    except (TypeError, ValueError, OSError):
        return None


def _is_inside(path: str, folders: set[str]) -> bool:
    return path in folders or any(path.startswith(folder + os.sep) for folder in folders)


def is_installed(path: str) -> bool:
    """Return whether a file belongs to Python or a package, for which the version counts."""
    return _is_inside(os.path.realpath(path), _installed())


@functools.cache
def _installed() -> set[str]:
    paths = sysconfig.get_paths()
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [paths[name] for name in names] + [site.getusersitepackages()]
    if sys.prefix != sys.base_prefix:
        folders.append(sys.prefix)
    return {os.path.realpath(folder) for folder in (*folders, *site.getsitepackages())}


def _modules(package: importlib.metadata.Distribution) -> set[str]:
    """Return the top-level modules of an installed package.

    `importlib.metadata.packages_distributions` takes ten times as long, as it makes an object of
    every file.
    """
    if declared := package.read_text("top_level.txt"):
        return set(declared.split())
    lines = (package.read_text("RECORD") or "").splitlines()
    first = {line.partition(",")[0].lstrip('"').partition("/")[::2] for line in lines}
    return {name if inside else inspect.getmodulename(name) or "" for name, inside in first}


_active: Recorder | None = None
_within = threading.local()
_is_hooked = False


@contextlib.contextmanager
def recording(ignored: Iterable[Path]) -> Iterator[Recorder]:
    """Record what this process reads within the context, outside the folders `ignored`."""
    global _active, _is_hooked
    if not _is_hooked:
        sys.addaudithook(_audit)
        _is_hooked = True
    recorder = Recorder(ignored)
    _active = recorder
    with _noticing_lookups():
        try:
            yield recorder
        finally:
            _active = None
    recorder.note_packages()


@contextlib.contextmanager
def _noting() -> Iterator[Recorder | None]:
    """Yield the recorder, or None outside a recording or while already noting something."""
    if _active is None or getattr(_within, "busy", False):
        yield None
        return
    _within.busy = True
    try:
        yield _active
    finally:
        _within.busy = False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Handle an audit event; an exception here would look like a failure of the user's code."""
    if _active is None:
        return
    with _noting() as recorder:
        if recorder is not None:
            _take(recorder, event, arguments)


def _take(recorder: Recorder, event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        _take_open(recorder, *arguments[:3])
    elif event in ("os.listdir", "os.scandir"):
        recorder.note(FOLDER, arguments[0])
    elif event in _CHANGES:
        for index in _CHANGES[event]:
            recorder.note_change(arguments[index])
    elif event in _FILE_EVENTS:
        file = arguments[_FILE_EVENTS[event]]
        if file is not None and os.sep in os.fsdecode(file):
            recorder.note(FILE, file)
    elif event in _PROCESS_EVENTS:
        recorder.note_untracked(_describe_process(event, arguments))
    elif event in _NETWORK_EVENTS and not _is_called_by(_VERIFIED):
        recorder.note_untracked("used the network")


def _take_open(recorder: Recorder, path: Any, mode: str | None, flags: int) -> None:
    if isinstance(path, int):
        return
    access = flags & os.O_ACCMODE
    is_new = access == os.O_WRONLY or flags & (os.O_TRUNC | os.O_EXCL)
    if not is_new:
        recorder.note_opened(_source(path))
    if access != os.O_RDONLY:
        recorder.note_change(path)


def _source(path: Any) -> Any:
    """Return the source of a compiled module; any other file unchanged."""
    with contextlib.suppress(TypeError, ValueError, NotImplementedError):
        source = importlib.util.source_from_cache(os.fsdecode(path))
        if state(FILE, source) != ABSENT:
            return source
    return path


def _describe_process(event: str, arguments: tuple[Any, ...]) -> str:
    if "fork" in event:
        return "started another process"
    program = arguments[0] or (arguments[1:] or ("",))[0]
    if isinstance(program, list | tuple):
        program = program[0] if program else ""
    words = os.fsdecode(program).split()
    return f"started a program ({Path(words[0]).name if words else event})"


def _callers() -> Iterator[str]:
    """Yield the files of the functions on the call stack, the innermost first.

    Stops at the import of a module, as its importer is not responsible for what it does.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    while frame is not None:
        yield frame.f_code.co_filename
        if frame.f_code.co_filename.startswith(_IMPORT_SYSTEM):
            return
        frame = frame.f_back


def _is_called_by(files: tuple[str, ...]) -> bool:
    return any(file in caller for caller in _callers() for file in files)


def _is_without_effect(kind: str) -> bool:
    """Return whether a lookup has no effect: by the import system, or for display."""
    imports = next(_callers(), "").startswith(_IMPORT_SYSTEM)
    return (imports and kind == FOLDER) or _is_called_by(_WITHOUT_EFFECT)


def _noticing(lookup: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `os.stat`, `os.lstat` or `os.access` to note what is looked for."""

    @functools.wraps(lookup)
    def noticing(path: Any, *arguments: Any, **options: Any) -> Any:
        is_there = False
        try:
            result = lookup(path, *arguments, **options)
            is_there = result is not False
            return result
        finally:
            # Resolving a path calls lstat on every folder in it.
            if not (is_there and lookup is _lstat) and options.get("dir_fd") is None:
                _note_lookup(path)

    return noticing


def _note_lookup(path: Any) -> None:
    with _noting() as recorder:
        if recorder is not None and not isinstance(path, int):
            recorder.note(FILE, path)


def _asked_for(variables: Any, name: str) -> str:
    """Return `os.environ[name]`, and note the name."""
    with _noting() as recorder:
        if recorder is not None:
            recorder.note_variable(name)
    return _get_variable(variables, name)


@contextlib.contextmanager
def _noticing_lookups() -> Iterator[None]:
    """Replace the functions through which code looks up files and environment variables."""
    noticing = {name: _noticing(getattr(os, name)) for name in ("stat", "lstat", "access")}
    places: list[tuple[Any, str, Any]] = [(os, *pair) for pair in noticing.items()]
    places.append((type(os.environ), "__getitem__", _asked_for))
    # Python 3.10 keeps its own reference.
    if accessor := getattr(pathlib, "_NormalAccessor", None):
        places.append((accessor, "stat", staticmethod(noticing["stat"])))
    able = (os.supports_dir_fd, os.supports_follow_symlinks, os.supports_fd)
    for functions in able:
        functions |= {new for name, new in noticing.items() if getattr(os, name) in functions}
    originals = [(place, name, place.__dict__[name]) for place, name, _ in places]
    for place, name, replacement in places:
        setattr(place, name, replacement)
    try:
        yield
    finally:
        for place, name, original in originals:
            setattr(place, name, original)
        for functions in able:
            functions -= set(noticing.values())
