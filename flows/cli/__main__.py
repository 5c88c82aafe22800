"""The `heepstor` command line; it survives interrupts and closed streams at any time."""

from __future__ import annotations

import gc
import sys

from flows.repository import ROOT
from flows.system import interrupts, streams

_NEW_OBJECTS = 50_000
"""After how many new objects Python looks for garbage. PyTorch makes millions that stay: with
Python's own 700 to 2,000, it takes 8 % of a compilation to look through them, with this 3 %."""


def main(arguments: list[str] | None = None) -> int:
    """Run the tasks named on the command line, or list them if none is. Return the exit code."""
    streams.open_missing()
    with interrupts.as_exceptions():
        try:
            # The launcher blocked them until there was a handler.
            interrupts.unblock()
            _run(sys.argv[1:] if arguments is None else arguments)
        except SystemExit:
            raise
        except BaseException as error:
            from flows.cli import endings

            ending = endings.of(error, ROOT)
            print(ending.message, end="\n" if ending.message else "", file=sys.stderr, flush=True)
            return ending.code
    return 0


def _run(arguments: list[str]) -> None:
    gc.set_threshold(_NEW_OBJECTS)
    # Importing Invoke takes a while, during which an interrupt must already be handled.
    from flows.cli import task_program

    try:
        task_program.run(arguments)
    finally:
        sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        # Nothing is left to interrupt, and Python would print a traceback.
        interrupts.ignore()
