"""The list of mutants: small wrong edits, and the tests that should fail with each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import hjson

from flows.errors import HeepstorError

FOLDER = Path("tests") / "mutants"
_NEEDED = {"meaning", "file", "before", "after", "tests"}
_OPTIONAL = {"explained"}


@dataclass(frozen=True)
class Mutant:
    """One edit: in `file`, the only occurrence of `before` becomes `after`.

    `explained` says why no test can notice it; empty if one should.
    """

    name: str
    meaning: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]
    explained: str = ""

    @property
    def digest(self) -> str:
        """Identify the mutant, regardless of its name and meaning."""
        fields = {**asdict(self), "name": "", "meaning": ""}
        return hashlib.sha256(repr(sorted(fields.items())).encode()).hexdigest()[:16]

    def problem(self, root: Path) -> str | None:
        """Return why the mutant does not fit the sources at `root`, or None."""
        path = root / self.file
        if not path.is_file():
            return f"{self.file} does not exist"
        places = path.read_text(encoding="utf-8").count(self.before)
        if places != 1:
            return f"{self.before!r} occurs {places} times in {self.file}; expected once"
        if self.before == self.after:
            return "the edit changes nothing"
        missing = [test for test in self.tests if not _defines(root, test)]
        return f"there is no test {missing[0]}" if missing else None

    def mutated(self, text: str) -> str:
        """Return the file's text with the edit."""
        return text.replace(self.before, self.after)


def read(root: Path) -> list[Mutant]:
    """Return all mutants of the repository at `root`, in the order of their files.

    Raises:
        HeepstorError: a mutant is incomplete, or a name occurs twice.
    """
    found: dict[str, Mutant] = {}
    for path in sorted((root / FOLDER).glob("*.hjson")):
        for name, fields in _load(path).items():
            if name in found:
                raise HeepstorError(f"{path}: the mutant {name} is defined twice.")
            found[name] = _mutant(path, name, fields)
    return list(found.values())


def choose(mutants: Sequence[Mutant], only: str) -> list[Mutant]:
    """Return mutants with any word of `only`, separated by commas, in their name or file.

    Raises:
        HeepstorError: there are none.
    """
    words = [word.strip() for word in only.split(",") if word.strip()]
    chosen = [m for m in mutants if not words or any(w in m.name or w in m.file for w in words)]
    if not chosen:
        raise HeepstorError(f"No mutant has {only!r} in its name or file ({FOLDER}/).")
    return chosen


def _load(path: Path) -> dict[str, dict]:
    try:
        return hjson.loads(path.read_text(encoding="utf-8"))
    except hjson.HjsonDecodeError as error:
        raise HeepstorError(f"{path} is not valid Hjson: {error}.") from error


def _mutant(path: Path, name: str, fields: dict) -> Mutant:
    wrong = (_NEEDED - fields.keys()) | (fields.keys() - _NEEDED - _OPTIONAL)
    if wrong:
        raise HeepstorError(
            f"{path}: the mutant {name} has missing or unknown fields: {sorted(wrong)}."
        )
    texts = {key: str(value) for key, value in fields.items() if key != "tests"}
    return Mutant(name=name, tests=tuple(fields["tests"]), **texts)


def _defines(root: Path, test: str) -> bool:
    """Return whether a test's file has a function of its name."""
    file, _, function = test.partition("::")
    path = root / file
    if not path.is_file():
        return False
    name = function.partition("[")[0]
    text = path.read_text(encoding="utf-8")
    return not name or re.search(rf"^def {re.escape(name)}\(", text, re.MULTILINE) is not None
