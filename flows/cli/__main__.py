"""The command line behind `heepstor`: it can be interrupted and its streams closed at any time."""

from __future__ import annotations

import sys

from flows.repository import ROOT
from flows.system import interrupts, streams


def main(arguments: list[str] | None = None) -> int:
    """Run the tasks that the arguments name; without any, list them. Return the exit code."""
    streams.open_missing()
    with interrupts.as_exceptions():
        try:
            # Since the launcher they have been waiting for somebody to take them.
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
    # Reading Invoke takes a while, in which it can be interrupted.
    from flows.cli import task_program

    try:
        task_program.run(arguments)
    finally:
        sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        # There is nothing left to interrupt, and Python would print where it was.
        interrupts.ignore()
