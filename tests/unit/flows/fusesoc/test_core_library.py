"""FuseSoC cores read without FuseSoC: what needs what, and which files that means."""

import pytest

from flows.fusesoc.core_library import Library

SYSTEM = """\
CAPI=2:
name: a:systems:top:1.0.0
filesets:
  rtl: {depend: ["a:ip:engine:1.0.0", "tool_verilator ? (a:ip:model:2.1)", ">=a:ip:fifo:1"]}
  none: {}
targets:
  default:
  lint: {description: Checks}
"""


@pytest.fixture
def library(tmp_path):
    """A system of an engine, which needs a FIFO, and a model; another core that nothing needs."""
    (tmp_path / "top.core").write_text(SYSTEM)
    depends = {"engine": '["a:ip:fifo"]', "fifo": "[]", "model": "[]", "other": "[]"}
    for name, needs in depends.items():
        folder = tmp_path / "cores" / name / "rtl"
        folder.mkdir(parents=True)
        (folder / f"{name}.sv").touch()
        (folder.parent / "README.md").touch()
        (folder.parent / f"{name}.core").write_text(
            f"CAPI=2:\nname: a:ip:{name}:1.0.0\nfilesets: {{rtl: {{depend: {needs}}}}}\n"
        )
    return Library(tmp_path)


def names(cores):
    return sorted(core.name.split(":")[2] for core in cores)


def test_the_system_comes_first(library):
    assert library.cores[0].name == "a:systems:top:1.0.0"
    assert library.cores[0].targets == {"default": "", "lint": "Checks"}


def test_conditions_and_relations_of_depends(library):
    assert library.cores[0].depends == ("a:ip:engine", "a:ip:model", "a:ip:fifo")


def test_all_that_a_core_needs(library):
    assert names(library.closure("a:systems:top")) == ["engine", "fifo", "model", "top"]
    assert names(library.closure("a:ip:engine:1.0.0")) == ["engine", "fifo"]
    assert names(library.closure("a:ip:engine", without=["a:ip:fifo"])) == ["engine"]
    assert library.closure("a:ip:none") == []


def test_files_that_a_core_may_be_made_from(library, tmp_path):
    """Its folder without documentation; of a core at the root only itself."""
    found = {str(path.relative_to(tmp_path)) for path in library.sources("a:systems:top")}
    assert found == {"top.core"} | {
        f"cores/{name}/{file}"
        for name in ("engine", "fifo", "model")
        for file in (f"{name}.core", f"rtl/{name}.sv")
    }
