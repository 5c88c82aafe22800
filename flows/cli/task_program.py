"""The tasks' command line, by Invoke, with suggestions for misspelt names."""

from __future__ import annotations

import difflib
import importlib.metadata
import re

from invoke import ParseError, Program

from flows.repository import COMMAND, ROOT, projects
from flows.terminal.arguments import user_path

_UNKNOWN = re.compile(r"No idea what '(?P<name>.*)' is!")
_NO_VALUE = re.compile(r"Flag <(?P<pair>Pair)?Argument: (?P<name>\w+)[^>]*> needed value")

_NO_NAME = re.compile(
    r"'(?P<task>\w+)' did not receive required positional arguments: '(?P<name>\w+)'"
)


class TaskProgram(Program):
    """Invoke's program; for an unknown task, the message suggests similar names."""

    def parse_tasks(self) -> None:
        try:
            super().parse_tasks()
        except ParseError as error:
            raise self._explained(error) from None

    def _explained(self, error: ParseError) -> ParseError:
        if incomplete := _NO_VALUE.search(str(error)):
            option = f"--{incomplete['name'].replace('_', '-')}"
            values = ("two values", "A B") if incomplete["pair"] else ("a value", "VALUE")
            text = f"{option} needs {values[0]}: {option} {values[1]}."
            return ParseError(text, error.context)
        if unnamed := _NO_NAME.search(str(error)):
            task, name = unnamed["task"], unnamed["name"]
            text = f"{task} needs a {name}: {COMMAND} {task} {name.upper()}."
            return ParseError(text, error.context)
        unknown = _UNKNOWN.search(str(error))
        return error if unknown is None else self._with_suggestion(unknown["name"], error)

    def _with_suggestion(self, name: str, error: ParseError) -> ParseError:
        kind = "option" if name.startswith("-") else "task"
        close = difflib.get_close_matches(name, list(self.collection.task_names), n=3)
        hint = f"Did you mean {' or '.join(close)}?" if close else f"{COMMAND} lists the tasks."
        if name in projects.names(ROOT):
            hint = f"It is a project: --project {name}"
        elif user_path(name).exists():
            hint = f"It is a file or folder: --project {name}"
        if kind == "option":
            hint = f"{COMMAND} <task> --help lists a task's options."
        return ParseError(f"There is no {kind} {name!r}. {hint}", error.context)


def run(arguments: list[str]) -> None:
    """Run the named tasks, or list them if none is named. Raises SystemExit on failure."""
    version = importlib.metadata.version("heepstor")
    program = TaskProgram(version, name="heepstor", binary="heepstor")
    program.run(["heepstor", "--search-root", str(ROOT), *_help_first(arguments or ["--list"])])


def _help_first(arguments: list[str]) -> list[str]:
    """Move `--help` before the task: after it, Invoke takes it for the task's positional value."""
    if arguments[1:] in (["--help"], ["-h"]):
        return ["--help", arguments[0]]
    return arguments
