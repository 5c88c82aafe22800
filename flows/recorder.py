"""Which files Python code reads while it runs, recorded so that a change of any can be noticed.

Interpreter and libraries announce what they open by audit events (`sys.audit`, PEP 578); who looks
for a file calls `os.stat`, which is replaced meanwhile. What neither shows is noted as untracked:
programs and processes that are started, and connections to a network.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
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

READ, LISTED, SOUGHT = "read", "listed", "sought"
"""A file's content counts; the names in a folder; whether there is such a file or folder."""
ABSENT = "absent"
UNSETTLED = "changed while it was read"
"""In place of a state: equal to none, so that the next run does the work again."""

# Devices and the kernel's own files: no input that somebody could change.
_SYSTEM = ("/dev", "/proc", "/sys")
# What it fetches is compared with a published checksum, and read from the file that it writes.
_VERIFIED = ("modelgen/data/download.py",)
_IMPORT_SYSTEM = "<frozen importlib._bootstrap"
# They look for installed packages, for sources to quote, at a cache of their own.
_WITHOUT_EFFECT = (
    "importlib/metadata/__init__.py",
    "/inspect.py",
    "/linecache.py",
    "/torch/_inductor/",
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
# Of these events, the argument with a file that native code reads, if it is a path.
_FILE_EVENTS = {"ctypes.dlopen": 0, "import": 1, "sqlite3.connect": 0}
_NETWORK_EVENTS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
# Of these events, the argument with the path that comes to be, or ceases to be.
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


class Recorder:
    """What was read, by how it counts; see `recording`.

    `found[READ]`, `found[LISTED]` and `found[SOUGHT]` map paths, absolute and as they were given,
    to the state at their first use. `untracked` says what else was done, in words that follow
    "it".
    """

    def __init__(self, ignored: Iterable[Path]) -> None:
        self.found: dict[str, dict[str, str]] = {READ: {}, LISTED: {}, SOUGHT: {}}
        self.untracked: dict[str, None] = {}
        self._changed: set[str] = set()
        self._created: set[str] = set()
        self._ignored = {*_installed(), *_SYSTEM, *map(os.path.realpath, ignored)}

    def note(self, kind: str, name: Any) -> None:
        """Notes a path and its state, unless that is known."""
        path = _absolute(name)
        if path is None or path in self.found[kind] or self._is_ignored(path):
            return
        if _is_without_effect(kind):
            return
        if kind == READ and _is_stream(path):
            self.untracked[f"read {path}"] = None
            return
        self.found[kind][path] = _identity(path) if kind == READ else state(kind, path)

    def note_change(self, name: Any) -> None:
        """Notes that the code itself is about to make, change or remove a file or a folder."""
        path = _absolute(name)
        if path is not None:
            self._changed.add(path)
            if state(SOUGHT, path) == ABSENT:
                self._created.add(path)

    def settled(self) -> Iterator[tuple[str, str, bool]]:
        """Yields kind and path of what counts, and whether nobody else changed it meanwhile.

        Temporary files don't count. What is read is not only sought.
        """
        for kind, states in self.found.items():
            for path, before in states.items():
                now = _identity(path) if kind == READ else state(kind, path)
                is_temporary = now == ABSENT and _is_inside(path, self._created)
                if not is_temporary and not (kind == SOUGHT and path in self.found[READ]):
                    yield kind, path, before == now or self._is_own(path)

    def _is_ignored(self, path: str) -> bool:
        return _is_inside(path, self._ignored) or _is_inside(os.path.realpath(path), self._ignored)

    def _is_own(self, path: str) -> bool:
        """Whether the code itself changed a file, its folder, or something in that folder."""
        inside = any(str(Path(changed).parent) == path for changed in self._changed)
        return inside or _is_inside(path, self._changed)


def state(kind: str, path: str, content: Callable[[Path], str] | None = None) -> str:
    """The state of a path that counts; of a file that is READ by `content`, such as its hash."""
    try:
        mode = _stat(path).st_mode
        if kind == LISTED:
            return _listing(path)
        if kind == READ and stat.S_ISREG(mode) and content is not None:
            return content(Path(path))
    except OSError:
        return ABSENT
    return "folder" if stat.S_ISDIR(mode) else "file"


def _listing(path: str) -> str:
    with os.scandir(path) as entries:
        names = sorted(entry.name + "/" * entry.is_dir() for entry in entries)
    return hashlib.sha256("\0".join(names).encode(errors="surrogateescape")).hexdigest()


def _is_stream(path: str) -> bool:
    """Whether a path is a pipe, a socket or a device: its content is gone once it is read."""
    try:
        mode = _stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _identity(path: str) -> str:
    """What the file system says of a file; it changes with every write."""
    try:
        found = _stat(path)
    except OSError:
        return ABSENT
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def _absolute(name: Any) -> str | None:
    """A path from the root folder; `..` stays, as what it means depends on links before it."""
    try:
        if isinstance(name, int):
            return str(Path(f"/proc/self/fd/{name}").readlink())
        return str(Path.cwd() / ("" if name is None else os.fsdecode(name)))
    except (TypeError, ValueError, OSError):
        return None


def _is_inside(path: str, folders: set[str]) -> bool:
    return path in folders or any(path.startswith(folder + os.sep) for folder in folders)


def is_installed(path: str) -> bool:
    """Whether a file belongs to Python or an installed package: versions count there, not files."""
    return _is_inside(os.path.realpath(path), _installed())


@functools.cache
def _installed() -> set[str]:
    paths = sysconfig.get_paths()
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [paths[name] for name in names] + [site.getusersitepackages()]
    if sys.prefix != sys.base_prefix:
        folders.append(sys.prefix)
    return {os.path.realpath(folder) for folder in (*folders, *site.getsitepackages())}


_active: Recorder | None = None
_within = threading.local()
_is_hooked = False


@contextlib.contextmanager
def recording(ignored: Iterable[Path]) -> Iterator[Recorder]:
    """Records what this process reads until it is left; `ignored` are folders that don't count."""
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


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Takes an audit event; never fails, which would look like a failure of what it watches."""
    recorder = _active
    if recorder is None or getattr(_within, "busy", False):
        return
    _within.busy = True
    try:
        _take(recorder, event, arguments)
    finally:
        _within.busy = False


def _take(recorder: Recorder, event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        _take_open(recorder, *arguments[:3])
    elif event in ("os.listdir", "os.scandir"):
        recorder.note(LISTED, arguments[0])
    elif event in _CHANGES:
        for index in _CHANGES[event]:
            recorder.note_change(arguments[index])
    elif event in _FILE_EVENTS:
        file = arguments[_FILE_EVENTS[event]]
        if file is not None and os.sep in os.fsdecode(file):
            recorder.note(READ, file)
    elif event in _PROCESS_EVENTS:
        recorder.untracked[_describe_process(event, arguments)] = None
    elif event in _NETWORK_EVENTS and not _is_called_by(_VERIFIED):
        recorder.untracked["used the network"] = None


def _take_open(recorder: Recorder, path: Any, mode: str | None, flags: int) -> None:
    if isinstance(path, int):
        return
    access = flags & os.O_ACCMODE
    if access != os.O_RDONLY:
        is_new = access == os.O_WRONLY or flags & (os.O_TRUNC | os.O_EXCL)
        if not is_new:
            recorder.note(READ, path)
        recorder.note_change(path)
        return
    recorder.note(READ, _source(path))


def _source(path: Any) -> Any:
    """The source of a compiled module; any other file itself."""
    with contextlib.suppress(TypeError, ValueError, NotImplementedError):
        source = importlib.util.source_from_cache(os.fsdecode(path))
        if state(SOUGHT, source) != ABSENT:
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
    """Files of the functions that are being executed, the last one called first.

    As far as the import of a module: who imports it does not count for what it does.
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
    """Whether something is only looked at: by the import system, or to show it."""
    imports = next(_callers(), "").startswith(_IMPORT_SYSTEM)
    return (imports and kind == LISTED) or _is_called_by(_WITHOUT_EFFECT)


def _noticing(lookup: Callable[..., Any]) -> Callable[..., Any]:
    """`os.stat`, `os.lstat` or `os.access`, which also notes what is looked for."""

    @functools.wraps(lookup)
    def noticing(path: Any, *arguments: Any, **options: Any) -> Any:
        is_there = False
        try:
            result = lookup(path, *arguments, **options)
            is_there = result is not False
            return result
        finally:
            # Resolving a path takes the status of every folder in it, as links, one by one.
            if not (is_there and lookup is _lstat) and options.get("dir_fd") is None:
                _note_lookup(path)

    return noticing


def _note_lookup(path: Any) -> None:
    recorder = _active
    if recorder is None or getattr(_within, "busy", False) or isinstance(path, int):
        return
    _within.busy = True
    try:
        recorder.note(SOUGHT, path)
    finally:
        _within.busy = False


@contextlib.contextmanager
def _noticing_lookups() -> Iterator[None]:
    """Replaces the functions by which programs ask whether a file is there."""
    places: list[tuple[Any, str]] = [(os, "stat"), (os, "lstat"), (os, "access")]
    # Python 3.10 keeps its own reference.
    if accessor := getattr(pathlib, "_NormalAccessor", None):
        places += [(accessor, "stat")]
    originals = [(place, name, getattr(place, name)) for place, name in places]
    for place, name, original in originals:
        noticing = _noticing(original)
        for able in (os.supports_dir_fd, os.supports_follow_symlinks, os.supports_fd):
            if original in able:
                able.add(noticing)
        setattr(place, name, noticing if place is os else staticmethod(noticing))
    try:
        yield
    finally:
        for place, name, original in originals:
            setattr(place, name, original)
