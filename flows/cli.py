"""The command line behind `heepstor`: Invoke, with suggestions for misspelt tasks."""

from __future__ import annotations

import difflib
import re
import sys
from pathlib import Path

from invoke import ParseError, Program

ROOT = Path(__file__).resolve().parent.parent
_UNKNOWN = re.compile(r"No idea what '(?P<name>.*)' is!")


class TaskProgram(Program):
    """Invoke's program; an unknown task's message lists those with similar names."""

    def parse_tasks(self) -> None:
        try:
            super().parse_tasks()
        except ParseError as error:
            raise self._with_suggestion(error) from None

    def _with_suggestion(self, error: ParseError) -> ParseError:
        unknown = _UNKNOWN.search(str(error))
        if unknown is None:
            return error
        name = unknown["name"]
        kind = "option" if name.startswith("-") else "task"
        close = difflib.get_close_matches(name, list(self.collection.task_names), n=3)
        hint = f"Did you mean {' or '.join(close)}?" if close else "./heepstor lists the tasks."
        if kind == "option":
            hint = "./heepstor <task> --help lists a task's options."
        return ParseError(f"There is no {kind} {name!r}. {hint}", error.context)


def main(arguments: list[str] | None = None) -> int:
    """Runs the tasks that the arguments name; without any, lists them."""
    given = sys.argv[1:] if arguments is None else arguments
    program = TaskProgram(name="heepstor", binary="heepstor")
    try:
        program.run(["heepstor", "--search-root", str(ROOT), *(given or ["--list"])])
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
