"""Compiling for the SoC's CPU with zig's clang and lld; objects are cached by content.

The compiler comes from the Python package `ziglang`. It has C++ headers only for the target
riscv32-linux-musl, so sources are compiled for that; musl itself is not linked (it needs
instructions that the CPU lacks). lld is called directly, as zig's driver supports few of its
options.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows.errors import HeepstorError
from flows.repository import ROOT, build_folder
from flows.system import tools as system_tools
from flows.system.processes import run_captured, worker_threads

CACHE = build_folder(ROOT) / "cache"

_CPU = (
    *("-mcpu=generic_rv32+m+c+f+zicsr", "-mabi=ilp32f"),
    # Schedule for a CPU that waits for loads and FP32 results; the generic model assumes no
    # latencies (softmax of 10 values: 313 cycles instead of 263).
    *("-Xclang", "-tune-cpu", "-Xclang", "rocket-rv32"),
)
_COMPILE = (
    "-target",
    "riscv32-linux-musl",
    *_CPU,
    "-ffreestanding",
    "-fno-pic",
    "-fno-pie",
    "-fno-math-errno",
    "-ffp-contract=off",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-stack-protector",
    "-fomit-frame-pointer",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
    "-fno-sanitize=all",
    "-g",
    "-fdebug-compilation-dir=.",
    "-Wall",
    "-Wextra",
    "-Werror",
    # The driver warns about its own -c when assembling.
    "-Wno-unused-command-line-argument",
)
_CPP = ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics")
_LINK = ("-m", "elf32lriscv", "--gc-sections", "--build-id=none")
# These files implement the very functions that the compiler would otherwise call in them.
_NO_BUILTIN = {"string.cpp"}

_HEADER_SUFFIXES = {".h", ".hpp", ".inc"}
_INCBIN = re.compile(r'\.incbin\s+"([^"]+)"')


@dataclass(frozen=True)
class Unit:
    """One source file and how it is compiled."""

    source: Path
    include_dirs: tuple[Path, ...]
    flags: tuple[str, ...] = ()
    """In addition to the common flags: optimization, definitions."""

    @property
    def header_dirs(self) -> tuple[Path, ...]:
        """Folders with the headers that the file may include, its own folder first."""
        return (self.source.parent, *self.include_dirs)


@dataclass(frozen=True)
class Toolchain:
    """The compiler, and the cache of compiled objects."""

    cache: Path = CACHE
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)

    def compile(self, units: Sequence[Unit]) -> list[Path]:
        """Compile each unit, or take its object from the cache; return the objects.

        Raises HeepstorError with the compiler's messages, which include file and line.
        """
        version = importlib.metadata.version("ziglang")
        folders = {folder for unit in units for folder in unit.header_dirs}
        hashes = {folder: _hash_headers(folder) for folder in folders}
        objects = [self._object_path(unit, version, hashes) for unit in units]
        missing = [(u, o) for u, o in zip(units, objects, strict=True) if not _is_whole(o)]
        with worker_threads(self.jobs) as pool:
            messages = list(pool.map(lambda pair: self._compile(*pair), missing))
        failures = [text for text in messages if text is not None]
        if failures:
            raise HeepstorError("the device code does not compile:\n" + "\n".join(failures))
        return objects

    def link(
        self,
        objects: Iterable[Path],
        script: Path,
        elf: Path,
        map_file: Path,
        symbols: Mapping[str, int] | None = None,
    ) -> str | None:
        """Write the ELF file and the linker's map; return the linker's messages if it fails.

        `symbols` are defined in addition to those of the objects.
        """
        self.cache.mkdir(parents=True, exist_ok=True)
        # lld cannot write into every folder that the user may choose; see describe_uncompilable.
        with tempfile.TemporaryDirectory(dir=self.cache, prefix="link-") as folder:
            made = [Path(folder, path.name) for path in (elf, map_file)]
            arguments = [
                *_LINK,
                f"--script={script}",
                f"--Map={made[1]}",
                *(f"--defsym={name}={value:#x}" for name, value in (symbols or {}).items()),
                # Relative, so that the map file does not depend on the repository's path.
                *(os.path.relpath(path, self.cache) for path in objects),
                "-o",
                str(made[0]),
            ]
            code, messages = self._zig("ld.lld", arguments)
            if code != 0:
                return _clean(messages)
            for path, target in zip(made, (elf, map_file), strict=True):
                shutil.move(path, target)
        return None

    def _object_path(self, unit: Unit, version: str, headers: dict[Path, str]) -> Path:
        key = hashlib.sha256()
        for part in (version, unit.source.name, *_flags(unit)):
            key.update(part.encode() + b"\0")
        key.update(unit.source.read_bytes())
        for folder in unit.header_dirs:
            key.update(headers[folder].encode())
        for path in _included_binaries(unit):
            key.update(path.read_bytes())
        return self.cache / "objects" / f"{unit.source.stem}-{key.hexdigest()[:32]}.o"

    def _compile(self, unit: Unit, target: Path) -> str | None:
        """Compile a unit into the cache; return the compiler's messages if it fails."""
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=".o", dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            includes = [f"-I{folder}" for folder in unit.include_dirs]
            files = ["-c", str(unit.source), "-o", str(temporary)]
            arguments = [*_flags(unit), *_prefix_maps(unit), *includes, *files]
            code, messages = self._zig("c++", arguments)
            if code != 0:
                return _clean(messages)
            _sum_of(target).write_text(_digest(temporary))
            temporary.replace(target)
            return None
        finally:
            temporary.unlink(missing_ok=True)

    def _zig(self, tool: str, arguments: list[str]) -> tuple[int, str]:
        """Run one of zig's tools; return its exit code and its messages."""
        if uncompilable := system_tools.describe_uncompilable(self.cache):
            raise HeepstorError(uncompilable)
        self.cache.mkdir(parents=True, exist_ok=True)
        # zig's own cache misses changes of files in .incbin, so each run gets an empty one.
        with tempfile.TemporaryDirectory(dir=self.cache, prefix="zig-") as folder:
            caches = {"ZIG_GLOBAL_CACHE_DIR": folder, "ZIG_LOCAL_CACHE_DIR": folder}
            command = [sys.executable, "-m", "ziglang", tool, *arguments]
            code, _, messages = run_captured(command, self.cache, {**os.environ, **caches})
            return code, messages


def _is_whole(kept: Path) -> bool:
    """Return whether a cached object is intact: a crash can truncate files."""
    try:
        return _digest(kept) == _sum_of(kept).read_text()
    except (OSError, UnicodeDecodeError):
        return False


def _sum_of(kept: Path) -> Path:
    """Return the file next to an object that has its digest."""
    return kept.with_suffix(".sha256")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _flags(unit: Unit) -> list[str]:
    """Return the flags, which do not depend on the repository's path."""
    language = () if unit.source.suffix == ".S" else _CPP
    builtin = ("-fno-builtin",) if unit.source.name in _NO_BUILTIN else ()
    return [*_COMPILE, *language, *builtin, *unit.flags]


def _prefix_maps(unit: Unit) -> list[str]:
    """Return flags that shorten paths in debug information, so objects do not depend on them."""
    package = importlib.util.find_spec("ziglang")
    places = (package.submodule_search_locations or []) if package else []
    names = {folder: folder.name for folder in unit.header_dirs}
    names |= {ROOT / "sw": "sw", **{Path(place): "ziglang" for place in places}}
    return [f"-ffile-prefix-map={folder}={name}" for folder, name in names.items()]


def _hash_headers(folder: Path) -> str:
    digest = hashlib.sha256()
    headers = (path for path in folder.rglob("*") if path.suffix in _HEADER_SUFFIXES)
    for path in sorted(headers):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _included_binaries(unit: Unit) -> list[Path]:
    """Return the files that an assembly source includes with .incbin."""
    if unit.source.suffix != ".S":
        return []
    names = _INCBIN.findall(unit.source.read_text(encoding="utf-8"))
    found = []
    for name in names:
        candidates = [folder / name for folder in unit.header_dirs]
        path = next((path for path in candidates if path.is_file()), None)
        if path is None:
            raise HeepstorError(f"{unit.source} includes {name}, which does not exist")
        found.append(path)
    return found


def _clean(messages: str) -> str:
    """Return the messages with paths relative to the repository."""
    return messages.replace(f"{ROOT}/", "").strip()
