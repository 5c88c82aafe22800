"""Which files a Python module is made of, and which files of a folder are sources."""

from __future__ import annotations

import pytest

from flows.errors import HeepstorError
from flows.repository.sources import import_closure, is_source
from flows.system.file_facts import FileFacts


@pytest.mark.parametrize("name", [".x.sv.swp", ".#x.sv", "#x.sv#", "x.sv~", "__pycache__/x.pyc"])
def test_what_an_editor_leaves_is_no_source(tmp_path, name):
    """A simulator is not built anew because somebody looks at its RTL in an editor."""
    for path in (tmp_path / "x.sv", tmp_path / name):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert is_source(tmp_path / "x.sv")
    assert not is_source(tmp_path / name)


@pytest.mark.parametrize("text", [b"def model(:\n", b"x = 1\0\n", b"x = '\xff'\n"])
def test_a_source_that_is_not_python_is_named(tmp_path, text):
    (tmp_path / "projects" / "one").mkdir(parents=True)
    (tmp_path / "projects" / "one" / "project.py").write_bytes(text)
    with pytest.raises(HeepstorError, match=r"project\.py.* is not valid Python"):
        import_closure(tmp_path, ["projects.one.project"])


def test_import_closure(tmp_path):
    package = tmp_path / "modelgen"
    (package / "emit").mkdir(parents=True)
    sources = {
        "__init__.py": "",
        "stages.py": (
            "from modelgen import graph\n"
            "if TYPE_CHECKING:\n    from modelgen import unused\n"
            "def export():\n    import torch\n    from modelgen.importer import load\n"
            "def generate():\n    return _emit()\n"
            "def _emit():\n    from .emit import cpp\n"
        ),
        "graph.py": "import json",
        "importer.py": "from modelgen.errors import ModelError",
        "errors.py": "",
        "emit/__init__.py": "",
        "emit/cpp.py": "",
        "unused.py": "",
    }
    for name, text in sources.items():
        (package / name).write_text(text)

    def names(module: str) -> set[str]:
        return {p.relative_to(package).as_posix() for p in import_closure(tmp_path, [module])}

    shared = {"__init__.py", "stages.py", "graph.py"}
    assert names("modelgen.stages:export") == shared | {"importer.py", "errors.py"}
    assert names("modelgen.stages:generate") == shared | {"emit/__init__.py", "emit/cpp.py"}
    assert names("modelgen.stages") == set(sources) - {"unused.py"}


def test_imports_are_looked_up_until_a_file_changes(tmp_path, monkeypatch):
    monkeypatch.setattr("flows.system.file_facts._SETTLED_NS", -1)
    package = tmp_path / "modelgen"
    package.mkdir()
    for name, text in (("one", "def f():\n    import modelgen.two\n"), ("two", ""), ("three", "")):
        (package / f"{name}.py").write_text(text)
    facts = FileFacts(tmp_path / "facts.json")

    def names(module: str, known: FileFacts) -> set[str]:
        return {path.stem for path in import_closure(tmp_path, [module], known)}

    assert names("modelgen.one", facts) == {"one", "two"}
    facts.save()
    with monkeypatch.context() as patch:
        patch.setattr("ast.parse", None)
        assert names("modelgen.one", FileFacts(tmp_path / "facts.json")) == {"one", "two"}
    (package / "one.py").write_text("def f():\n    import modelgen.three\ndef g():\n    pass\n")
    again = FileFacts(tmp_path / "facts.json")
    assert names("modelgen.one", again) == {"one", "three"}
    assert names("modelgen.one:g", again) == {"one"}
