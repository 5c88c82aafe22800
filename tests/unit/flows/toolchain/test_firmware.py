"""Building firmware: what it gives, what it keeps, and what it says when it can't."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from flows import config
from flows.config import Config
from flows.errors import HeepstorError
from flows.toolchain import firmware
from flows.toolchain.firmware import Options
from flows.toolchain.riscv import ROOT, Toolchain, Unit

HELLO = """
#include "heepstor/print.hpp"

int main() {
  heepstor::print("hello\\n");
  return 0;
}
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "main.cpp").write_text(HELLO, encoding="utf-8")
    return folder


def with_memory(banks: int, bank_kib: int, stack_kib: int = 8) -> Config:
    default = config.load()
    memory = dataclasses.replace(default.memory, banks=banks, bank_kib=bank_kib)
    return dataclasses.replace(default, memory=memory, stack_kib=stack_kib)


def test_a_program_is_built(sources: Path, tmp_path: Path) -> None:
    chosen = config.load()
    built = firmware.build(sources, tmp_path, chosen)
    with built.elf.open("rb") as file:
        elf = ELFFile(file)
        assert elf.header["e_entry"] == chosen.address.memory
        symbols = {s.name: s["st_value"] for s in elf.get_section_by_name(".symtab").iter_symbols()}
        ends = [
            s["p_paddr"] + s["p_memsz"] for s in elf.iter_segments() if s["p_type"] == "PT_LOAD"
        ]
    assert symbols["_start"] == chosen.address.memory
    assert symbols["heepstor_vectors"] % 256 == 0
    assert max(ends) <= symbols["__stack_top"] == chosen.address.memory + chosen.memory.bytes
    assert "main" in built.map.read_text(encoding="utf-8")
    size = json.loads((tmp_path / "size.json").read_text(encoding="utf-8"))
    assert size == built.size
    assert size["total"] + size["free"] == chosen.memory.bytes
    assert 500 < size["code"] < 8000
    assert size["stack"] == 8192


def test_the_same_sources_give_the_same_bytes(sources: Path, tmp_path: Path) -> None:
    images = []
    for name in ("one", "two"):
        toolchain = Toolchain(cache=tmp_path / name / "cache")
        built = firmware.build(sources, tmp_path / name, config.load(), toolchain=toolchain)
        images.append(built.elf.read_bytes())
    assert images[0] == images[1]


def test_objects_are_compiled_again_only_when_something_changed(
    sources: Path, tmp_path: Path
) -> None:
    toolchain = Toolchain(cache=tmp_path / "cache")
    include = tmp_path / "include"
    include.mkdir()
    (include / "value.hpp").write_text("inline constexpr int kValue = 1;", encoding="utf-8")
    source = sources / "part.cpp"
    source.write_text('#include "value.hpp"\nint value() { return kValue; }\n', encoding="utf-8")

    def build(*flags: str) -> Path:
        return toolchain.compile([Unit(source, (include,), flags)])[0]

    first = build()
    stamp = first.stat().st_mtime_ns
    assert build() == first
    assert first.stat().st_mtime_ns == stamp
    assert build("-O2") != first
    (include / "value.hpp").write_text("inline constexpr int kValue = 2;", encoding="utf-8")
    second = build()
    assert second != first
    # A header beside the source comes before the one of the same name in an include folder.
    (sources / "value.hpp").write_text("inline constexpr int kValue = 3;", encoding="utf-8")
    assert build() != second


def test_a_damaged_object_is_compiled_again(sources: Path, tmp_path: Path) -> None:
    toolchain = Toolchain(cache=tmp_path / "cache")
    source = sources / "part.cpp"
    source.write_text("int value() { return 1; }\n", encoding="utf-8")
    unit = Unit(source, (sources,))
    (made,) = toolchain.compile([unit])
    whole = made.read_bytes()
    made.write_bytes(whole[:100])
    assert toolchain.compile([unit]) == [made]
    assert made.read_bytes() == whole


def test_binary_data_is_included_and_watched(sources: Path, tmp_path: Path) -> None:
    toolchain = Toolchain(cache=tmp_path / "cache")
    (sources / "data.S").write_text(
        '    .section .weights, "a"\n    .balign 16\n    .incbin "weights.bin"\n', encoding="utf-8"
    )
    unit = Unit(sources / "data.S", (sources,))
    with pytest.raises(HeepstorError, match=r"includes weights\.bin, which does not exist"):
        toolchain.compile([unit])
    (sources / "weights.bin").write_bytes(b"heavy weights")
    first = toolchain.compile([unit])[0]
    assert b"heavy weights" in first.read_bytes()
    (sources / "weights.bin").write_bytes(b"light weights")
    assert b"light weights" in toolchain.compile([unit])[0].read_bytes()


def test_compile_errors_name_file_and_line(sources: Path, tmp_path: Path) -> None:
    (sources / "main.cpp").write_text("int main() {\n  return nothing;\n}\n", encoding="utf-8")
    with pytest.raises(HeepstorError, match=r"main\.cpp:2:10: error: .*'nothing'"):
        firmware.build(sources, tmp_path, config.load())


def test_too_little_memory_says_how_much_is_missing(sources: Path, tmp_path: Path) -> None:
    (sources / "arena.cpp").write_text(
        '#include "heepstor/arena.hpp"\n'
        "HEEPSTOR_ARENA float arena[40000];\n"
        "float* activations() { return arena; }\n",
        encoding="utf-8",
    )
    (sources / "main.cpp").write_text(
        "float* activations();\nint main() { return activations()[7] > 0; }\n", encoding="utf-8"
    )
    with pytest.raises(HeepstorError) as caught:
        firmware.build(sources, tmp_path, with_memory(banks=4, bank_kib=32))
    message = str(caught.value)
    size = firmware.build(sources, tmp_path, config.load()).size
    missing = size["total"] - 4 * 32 * 1024
    assert f"{missing:,} bytes are missing" in message
    assert "arena 160,000" in message
    assert "memory.banks (4) or memory.bank_kib (32) in heepstor_cfg.hjson" in message
    assert not (tmp_path / "roomy.elf").exists()


def test_a_fixed_arena_that_is_too_small_is_refused(sources: Path, tmp_path: Path) -> None:
    (sources / "main.cpp").write_text(
        '#include "heepstor/arena.hpp"\n'
        "HEEPSTOR_ARENA volatile float arena[1000];\n"
        "int main() { return arena[7] > 0; }\n",
        encoding="utf-8",
    )
    small = dataclasses.replace(config.load(), arena_kib=2)
    with pytest.raises(HeepstorError, match="not enough memory for activations: raise arena_kib"):
        firmware.build(sources, tmp_path, small)


@pytest.mark.parametrize("floats", [0, 1000])
def test_a_fixed_arena_is_reserved_whatever_is_needed(
    sources: Path, tmp_path: Path, floats: int
) -> None:
    (sources / "main.cpp").write_text(
        '#include "heepstor/arena.hpp"\n'
        + (f"HEEPSTOR_ARENA volatile float arena[{floats}];\n" if floats else "float arena[8];\n")
        + "int main() { return arena[7] > 0; }\n",
        encoding="utf-8",
    )
    fixed = dataclasses.replace(config.load(), arena_kib=64)
    assert firmware.build(sources, tmp_path, fixed).size["arena"] == 64 * 1024


def test_the_arena_is_neither_loaded_nor_cleared(sources: Path, tmp_path: Path) -> None:
    """It begins with what is there, unlike .bss, which start-up clears."""
    (sources / "main.cpp").write_text(
        '#include "heepstor/arena.hpp"\n'
        "HEEPSTOR_ARENA volatile float arena[1000];\n"
        "volatile int zero[4];\n"
        "int main() { return arena[7] > 0 ? zero[0] : 1; }\n",
        encoding="utf-8",
    )
    with firmware.build(sources, tmp_path, config.load()).elf.open("rb") as file:
        elf = ELFFile(file)
        symbols = {s.name: s["st_value"] for s in elf.get_section_by_name(".symtab").iter_symbols()}
        segments = [(s["p_paddr"], s["p_filesz"]) for s in elf.iter_segments("PT_LOAD")]
    arena = range(symbols["__arena_start"], symbols["__arena_end"])
    cleared = range(symbols["__bss_start"], symbols["__bss_end"])
    assert len(arena) >= 4000
    assert symbols["zero"] in cleared
    for written in (cleared, *(range(begin, begin + size) for begin, size in segments)):
        assert not set(arena) & set(written)


def test_static_constructors_are_refused(sources: Path, tmp_path: Path) -> None:
    (sources / "main.cpp").write_text(
        "int unknown();\nint value = unknown();\n"
        "__attribute__((noinline)) int unknown() { return *(volatile int*)&value; }\n"
        "int main() { return value; }\n",
        encoding="utf-8",
    )
    with pytest.raises(HeepstorError, match="a static object has a constructor"):
        firmware.build(sources, tmp_path, config.load())


def test_undefined_functions_are_named(sources: Path, tmp_path: Path) -> None:
    (sources / "main.cpp").write_text("int other();\nint main() { return other(); }\n")
    with pytest.raises(HeepstorError, match=r"undefined symbol: other\(\)"):
        firmware.build(sources, tmp_path, config.load())


def test_a_folder_without_sources_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(HeepstorError, match="has no C"):
        firmware.build(tmp_path / "empty", tmp_path, config.load())


def test_options_become_flags() -> None:
    assert Options().flags == ("-O2",)
    assert Options(operators="software", assertions=False, optimisation="-O3").flags == (
        "-O3",
        "-DHEEPSTOR_OPERATORS_SOFTWARE",
        "-DHEEPSTOR_NO_ASSERTIONS",
    )
    with pytest.raises(HeepstorError, match=r"operators is 'gpu'\. Valid choices: engine, soft"):
        Options(operators="gpu")
    with pytest.raises(HeepstorError, match="optimisation is '-O9'"):
        Options(optimisation="-O9")


def test_assertions_can_be_left_out(sources: Path, tmp_path: Path) -> None:
    (sources / "main.cpp").write_text(
        '#include "heepstor/assert.hpp"\n'
        "volatile int value;\n"
        'int main() { HEEPSTOR_ASSERT(value == 0, "value is set"); return 0; }\n',
        encoding="utf-8",
    )
    with_them = firmware.build(sources, tmp_path / "a", config.load())
    without = firmware.build(sources, tmp_path / "b", config.load(), Options(assertions=False))
    assert b"value is set" in with_them.elf.read_bytes()
    assert b"value is set" not in without.elf.read_bytes()
    assert without.size["code"] < with_them.size["code"]


@pytest.mark.parametrize(
    ("operators", "array_size", "optimisation"),
    [("engine", 4, "-O0"), ("software", 32, "-O2"), ("engine", 12, "-Os")],
)
def test_descriptor_tables_need_no_code(
    tmp_path: Path, operators: str, array_size: int, optimisation: str
) -> None:
    """A table of descriptors is a constant, else linking would fail; even without optimisation."""
    (tmp_path / "main.cpp").write_text(
        '#include "heepstor/engine.hpp"\n'
        "using namespace heepstor::engine;\n"
        "alignas(16) float buffer[64];\n"
        "Descriptor table[2] = {\n"
        "    matmul(8).activations({1, 1}, 8, {0, 8}).load(buffer, {32, 0}).runs(8)\n"
        "        .positions({1, 1}).weights(buffer + 16).next(&table[1]),\n"
        "    max(8).parameters(buffer + 8).store_to_memory(buffer + 24, {32, 0}).relu()};\n"
        "int main() { return run(&table[0]).ok() ? 0 : 1; }\n",
        encoding="utf-8",
    )
    default = config.load()
    engine = dataclasses.replace(default.engine, array_size=array_size)
    chosen = dataclasses.replace(default, engine=engine)
    options = Options(operators=operators, optimisation=optimisation)
    built = firmware.build(tmp_path, tmp_path / "out", chosen, options)
    assert built.size["free"] > 0


def test_the_self_test_builds(tmp_path: Path) -> None:
    assert firmware.build(ROOT / "sw" / "selftest", tmp_path, config.load()).size["free"] > 0


def test_the_self_tests_vectors_are_those_of_the_reference() -> None:
    script = ROOT / "sw" / "selftest" / "vectors.py"
    spec = importlib.util.spec_from_file_location("selftest_vectors", script)
    vectors = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = vectors
    spec.loader.exec_module(vectors)
    assert vectors.TARGET.read_text(encoding="utf-8") == vectors.text()
    for product in vectors.products():
        expected = product.expected(4).view("u4")
        for array_size in (8, 12, 16, 32):
            assert (product.expected(array_size).view("u4") == expected).all()
