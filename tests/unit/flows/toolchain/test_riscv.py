"""Compiled objects are kept by content; the compiler is a stand-in that counts its calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.toolchain import riscv
from flows.toolchain.riscv import Toolchain, Unit


class Compiler(Toolchain):
    """Writes an object that names its arguments, or fails."""

    def _zig(self, tool: str, arguments: list[str]) -> tuple[int, str]:
        source = Path(arguments[arguments.index("-c") + 1])
        if "broken" in source.read_text():
            return 1, f"{riscv.ROOT}/sw/x.cpp:1: error\n"
        Path(arguments[arguments.index("-o") + 1]).write_text(" ".join(arguments))
        calls.append(source.name)
        return 0, ""


calls: list[str] = []


@pytest.fixture
def compiler(tmp_path: Path) -> Compiler:
    calls.clear()
    return Compiler(tmp_path / "cache", jobs=2)


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    """A source with a header beside it and one in an include folder."""
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "far.hpp").touch()
    (tmp_path / "near.hpp").touch()
    (tmp_path / "main.cpp").write_text("int main() {}")
    return Unit(tmp_path / "main.cpp", (tmp_path / "include",))


def test_an_object_is_compiled_once(compiler: Compiler, unit: Unit) -> None:
    first, again = compiler.compile([unit]), compiler.compile([unit])
    assert first == again and calls == ["main.cpp"]


@pytest.mark.parametrize("name", ["main.cpp", "near.hpp", "include/far.hpp"])
def test_what_it_is_made_of_counts(compiler: Compiler, unit: Unit, name: str) -> None:
    before = compiler.compile([unit])
    (unit.source.parent / name).write_text("// changed")
    assert compiler.compile([unit]) != before
    assert len(calls) == 2


def test_flags_count_and_other_files_do_not(compiler: Compiler, unit: Unit) -> None:
    compiler.compile([unit])
    (unit.source.parent / "notes.md").write_text("text")
    compiler.compile([unit])
    assert len(calls) == 1
    compiler.compile([Unit(unit.source, unit.include_dirs, ("-O2",))])
    assert len(calls) == 2


def test_a_cut_off_object_is_compiled_again(compiler: Compiler, unit: Unit) -> None:
    (kept,) = compiler.compile([unit])
    content = kept.read_text()
    kept.write_text(content[:10])
    assert compiler.compile([unit]) == [kept]
    assert len(calls) == 2 and kept.with_suffix(".sha256").exists()


def test_binaries_that_an_assembly_source_puts_in_count(compiler: Compiler, tmp_path: Path) -> None:
    source = tmp_path / "data.S"
    source.write_text('.incbin "weights.bin"')
    with pytest.raises(HeepstorError, match=r"includes weights\.bin, which does not exist"):
        compiler.compile([Unit(source, ())])
    for content in (b"1", b"2", b"1"):
        (tmp_path / "weights.bin").write_bytes(content)
        compiler.compile([Unit(source, ())])
    assert len(calls) == 2


def test_all_errors_are_shown_with_paths_of_the_repository(compiler: Compiler, tmp_path) -> None:
    units = []
    for name in ("a", "b"):
        (tmp_path / f"{name}.cpp").write_text("broken")
        units.append(Unit(tmp_path / f"{name}.cpp", ()))
    with pytest.raises(HeepstorError, match=r"does not compile:\nsw/x\.cpp:1: error\nsw/x\.cpp"):
        compiler.compile(units)
    assert list((tmp_path / "cache" / "objects").iterdir()) == [], "nothing half made is left"


def test_functions_of_the_compiler_s_own_are_not_called_in_their_place(tmp_path, compiler) -> None:
    made = {}
    for name in ("string.cpp", "other.cpp", "start.S"):
        (tmp_path / name).write_text("text")
        (kept,) = compiler.compile([Unit(tmp_path / name, ())])
        made[name] = kept.read_text().split()
    assert "-fno-builtin" in made["string.cpp"] and "-fno-builtin" not in made["other.cpp"]
    assert "-std=c++17" in made["other.cpp"] and "-std=c++17" not in made["start.S"]


def test_a_program_is_linked_into_any_folder(tmp_path: Path) -> None:
    """LLVM puts random digits in place of % in the names of files that it writes."""
    (tmp_path / "a.S").write_text(".globl _start\n_start: j _start\n")
    (tmp_path / "link.ld").write_text("SECTIONS { .text : { *(.text*) } }")
    toolchain, folder = Toolchain(tmp_path / "cache", jobs=1), tmp_path / "100%x \u00fc"
    folder.mkdir()
    objects = toolchain.compile([Unit(tmp_path / "a.S", ())])
    made = folder / "a.elf", folder / "a.map"
    assert toolchain.link(objects, tmp_path / "link.ld", *made) is None
    assert made[0].read_bytes()[:4] == b"\x7fELF" and "_start" in made[1].read_text()
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["objects"]


def test_a_cache_in_which_nothing_can_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.S").touch()
    with pytest.raises(HeepstorError, match=r"contains a percent sign \(.*5%"):
        Toolchain(tmp_path / "5%").compile([Unit(tmp_path / "a.S", ())])
