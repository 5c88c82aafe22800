"""Building the simulator: guards against what FuseSoC's flow does not see, with a stand-in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows import config, fusesoc
from flows.errors import HeepstorError
from flows.repository import ROOT
from flows.simulate import hardware
from flows.terminal.progress import Progress

# A stand-in for `fusesoc run --build`: Verilator's makefile, objects, and the program.
FUSESOC = """#!/bin/sh
for argument; do case $argument in --work-root=*) work=${argument#*=} ;; esac; done
mkdir -p "$work"
cd "$work"
[ -e Vtop.mk ] || { echo made >> times_verilated; touch Vtop.mk; }
[ -e main.o ] || { echo made >> times_compiled; touch main.o Vtop.o; }
[ -e Vtop ] || { printf '#!/bin/sh\\n' > Vtop; chmod +x Vtop; }
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A repository with one core, and FuseSoC replaced by a script."""
    for name in ("rtl/a.sv", "tb/main.cpp", "tb/main.hpp"):
        path = tmp_path / "cores" / "a" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (tmp_path / "heepstor.core").write_text(
        "CAPI=2:\nname: heepstor:systems:heepstor:1.0.0\n"
        "filesets: {rtl: {depend: ['tool_x ? (>=heepstor:ip:a:1.0.0)', 'heepstor:sim:selftest']}}\n"
    )
    for name in ("sim:selftest", "ip:unused"):
        folder = tmp_path / "cores" / name.split(":")[1]
        folder.mkdir()
        (folder / "x.core").write_text(f"CAPI=2:\nname: heepstor:{name}:1.0.0\n")
    (tmp_path / "fusesoc.conf").write_text("")
    (tmp_path / "cores/a/a.core").write_text("CAPI=2:\nname: heepstor:ip:a:1.0.0\n")
    program = tmp_path / "fusesoc"
    program.write_text(FUSESOC)
    program.chmod(0o755)
    monkeypatch.setattr(fusesoc, "command", lambda: str(program))
    monkeypatch.setattr(hardware, "ROOT", tmp_path)
    defaults = (hardware.folder, hardware.sources)
    for function in defaults:
        monkeypatch.setattr(function, "__defaults__", (tmp_path,))
    return tmp_path


def build(root: Path) -> Path:
    out = root / "out"
    out.mkdir(exist_ok=True)
    return hardware.build(config.load(), config.DEFAULT_PATH, out, Progress())


def times_made(root: Path, what: str) -> int:
    work = hardware.folder(config.load()) / "work"
    return len((work / f"times_{what}").read_text().splitlines())


def test_simulator_is_put_where_it_belongs(stand_in):
    assert build(stand_in) == stand_in / "out" / "simulator"
    assert os.access(stand_in / "out" / "simulator", os.X_OK)


def test_a_header_that_changed_is_compiled_without_verilating_again(stand_in):
    build(stand_in)
    (stand_in / "cores/a/tb/main.hpp").write_text("// changed")
    before = (times_made(stand_in, "verilated"), times_made(stand_in, "compiled"))
    build(stand_in)
    assert times_made(stand_in, "verilated") == before[0]
    assert times_made(stand_in, "compiled") == before[1] + 1


def test_rtl_that_changed_is_verilated_again_whatever_its_time(stand_in):
    build(stand_in)
    before = times_made(stand_in, "verilated")
    source = stand_in / "cores/a/rtl/a.sv"
    source.write_text("// changed")
    os.utime(source, (0, 0))
    build(stand_in)
    assert times_made(stand_in, "verilated") == before + 1


def test_a_build_that_was_cancelled_is_no_success(stand_in):
    """FuseSoC ends with 0 when it is interrupted."""
    program = Path(fusesoc.command())
    program.write_text("#!/bin/sh\nexit 0\n")
    with pytest.raises(HeepstorError, match="not built"):
        build(stand_in)


def test_an_old_simulator_is_not_taken_for_a_new_one(stand_in):
    build(stand_in)
    program = Path(fusesoc.command())
    # Verilator ran, the compiler did not: the old program still lies there.
    program.write_text(FUSESOC.replace("[ -e Vtop ] ||", "exit 0;"))
    (stand_in / "cores/a/rtl/a.sv").write_text("// changed")
    with pytest.raises(HeepstorError, match="not built"):
        build(stand_in)


def test_rtl_that_was_refused_is_refused_again(stand_in):
    """Verilator leaves its makefile behind when it ends for a warning."""
    build(stand_in)
    program = Path(fusesoc.command())
    refusing = FUSESOC.replace("touch Vtop.mk; }", "touch Vtop.mk; exit 1; }")
    assert refusing != FUSESOC
    program.write_text(refusing)
    (stand_in / "cores/a/rtl/a.sv").write_text("// changed")
    for _ in range(2):
        with pytest.raises(HeepstorError, match="failed"):
            build(stand_in)


@pytest.mark.parametrize("ending", ["exit 1", "kill -9 $$"])
@pytest.mark.parametrize("after", ["nothing", "a build that succeeded"])
def test_nothing_is_kept_of_a_build_that_did_not_succeed(stand_in, ending, after):
    """Half an object counts for make as a whole one."""
    program = Path(fusesoc.command())
    if after != "nothing":
        build(stand_in)
    program.write_text(FUSESOC.replace("touch main.o Vtop.o; }", f"touch Vtop.o; {ending}; }}"))
    work = hardware.folder(config.load()) / "work"
    with pytest.raises(HeepstorError):
        build(stand_in)
    assert (work / "Vtop.o").exists()
    program.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(HeepstorError):
        build(stand_in)
    assert not list(work.glob("V*"))


def test_another_compiler_makes_everything_again(stand_in, monkeypatch):
    build(stand_in)
    before = times_made(stand_in, "verilated")
    monkeypatch.setattr(hardware, "compiler_version", lambda: "another")
    build(stand_in)
    assert times_made(stand_in, "verilated") == before + 1
    assert times_made(stand_in, "compiled") == 2


def test_messages_point_to_the_repository(stand_in):
    program = Path(fusesoc.command())
    program.write_text(
        "#!/bin/sh\necho 'fine'\n"
        "echo '%Error: src/heepstor_ip_a_1.0.0/rtl/a.sv:3:5: syntax error'\n"
        "echo '../src/heepstor_ip_a_1.0.0/tb/main.cpp:7:1: error: no'\nexit 1\n"
    )
    with pytest.raises(HeepstorError) as raised:
        build(stand_in)
    text = str(raised.value)
    assert "cores/a/rtl/a.sv:3:5: syntax error" in text
    assert "cores/a/tb/main.cpp:7:1: error" in text
    assert "src/" not in text and "fine" not in text
    assert "build.log" in text


def test_only_what_the_simulator_is_made_from_counts(stand_in):
    names = [path.relative_to(stand_in).as_posix() for path in hardware.sources(stand_in)]
    assert sorted(names) == [
        *("cores/a/a.core", "cores/a/rtl/a.sv", "cores/a/tb/main.cpp", "cores/a/tb/main.hpp"),
        *("fusesoc.conf", "heepstor.core"),
    ]


def test_the_whole_soc_counts():
    cores = (path for path in hardware.sources(ROOT) if path.parent != ROOT)
    names = {path.relative_to(ROOT).parts[1] for path in cores}
    assert {"engine", "systolic_array", "soc", "memory", "config", "pip_rtl"} <= names
    assert "selftest" not in names


def test_missing_compiler_is_named_first(stand_in, monkeypatch):
    monkeypatch.setenv("PATH", str(stand_in / "nothing"))
    with pytest.raises(HeepstorError, match=r"C\+\+17 compiler is missing"):
        build(stand_in)
