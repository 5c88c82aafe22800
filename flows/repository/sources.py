"""Which source files something is made from: those of a folder, and what Python imports."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from flows.errors import HeepstorError
from flows.system.file_facts import FileFacts

# The repository's own packages. What lies outside is installed, and pinned by version.
PACKAGES = ("flows", "modelgen", "projects")
# Files that editors keep beside one that is being changed: .name.swp, #name#, .#name, name~.
_KEPT_BY_EDITORS = (".", "#")
# Modules whose imports are kept in memory.
_REMEMBERED = 4096


def is_source(path: Path) -> bool:
    """Whether a file in a folder of sources is one: not what Python and editors put beside them."""
    kept = path.name.startswith(_KEPT_BY_EDITORS) or path.name.endswith("~")
    return path.is_file() and not kept and "__pycache__" not in path.parts


def import_closure(
    root: Path, modules: Iterable[str], facts: FileFacts | None = None
) -> list[Path]:
    """The files of the repository at `root` that the modules import, directly or not.

    A module is named `package.module`, or `package.module:function` for what its top level and that
    one function import. Imports inside functions count as well. Sorted, themselves included. What
    files import is looked up in `facts`, where given. Raises HeepstorError where a file is not
    valid Python.
    """
    known = facts or FileFacts()
    found: set[Path] = set()
    pending = list(modules)
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            files, imported = _module(root, name, known)
            found.update(files)
            pending.extend(imported)
    return sorted(found)


@functools.lru_cache(maxsize=_REMEMBERED)
def _module(root: Path, name: str, known: FileFacts) -> tuple[list[Path], list[str]]:
    """The files that importing one module reads by itself, and the modules that it imports."""
    module, _, function = name.partition(":")
    path = module_file(root, module)
    if path is None:
        return [], []
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]

    def find() -> str:
        return " ".join(dict.fromkeys(_imports(_relevant(_tree(path), function), package)))

    imported = known.find(path, find, f":{function} {_version()}")
    return [path, *_package_files(root, module)], imported.split()


@functools.cache
def _version() -> int:
    """A number that changes with this file, and so with what it finds."""
    return Path(__file__).stat().st_mtime_ns


def imported_by(path: Path) -> list[str]:
    """The names of the modules that a file outside all packages imports, itself.

    Raises HeepstorError where it is not valid Python.
    """
    return list(dict.fromkeys(_imports(ast.walk(_tree(path)), "")))


def defines(path: Path, name: str) -> bool:
    """Whether a file binds a name at its top level: a function, a class, a variable, an import.

    Blocks such as `if` and `try` count. Raises HeepstorError where it is not valid Python.
    """
    return name in _bound(_tree(path))


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a node and those inside it bind, without those of functions and classes."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.alias):
        yield node.asname or node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp):
        for child in ast.iter_child_nodes(node):
            yield from _bound(child)


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except SyntaxError as error:
        where = f"{path}:{error.lineno}"
        raise HeepstorError(f"{where} is not valid Python: {error.msg}.") from error
    except ValueError as error:
        raise HeepstorError(f"{path} is not valid Python: {error}.") from error


def module_file(root: Path, module: str) -> Path | None:
    """The file of a module of the repository; None for anything else."""
    parts = module.split(".")
    if parts[0] not in PACKAGES:
        return None
    path = root.joinpath(*parts)
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def module_name(root: Path, file: Path) -> str:
    """The name by which a file of the repository at `root` is imported."""
    return ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _package_files(root: Path, module: str) -> Iterator[Path]:
    """The __init__.py of every package above a module, all of which run when it is imported."""
    parts = module.split(".")
    for depth in range(1, len(parts)):
        path = root.joinpath(*parts[:depth], "__init__.py")
        if path.is_file():
            yield path


def _relevant(tree: ast.Module, function: str) -> Iterator[ast.AST]:
    """All nodes; or, where a function is named, those that its call can reach in this file."""
    functions = {
        statement.name: statement
        for statement in tree.body
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    if function not in functions:
        functions = {}
    pending: list[ast.AST] = [s for s in tree.body if s not in functions.values()]
    if functions:
        pending.append(functions.pop(function))
    while pending:
        node = pending.pop()
        if _is_for_type_checkers(node):
            continue
        yield node
        pending.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Name) and node.id in functions:
            pending.append(functions.pop(node.id))


def _is_for_type_checkers(node: ast.AST) -> bool:
    """Whether a statement is `if TYPE_CHECKING:`, whose imports never happen."""
    return isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"


def _imports(nodes: Iterable[ast.AST], package: str) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base]).strip(".")
            yield base
            # A name may be a module of its own: `from modelgen import passes`.
            yield from (f"{base}.{alias.name}" for alias in node.names)
