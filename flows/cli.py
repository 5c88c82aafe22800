"""The command line behind `heepstor`, which can be interrupted at any time."""

from __future__ import annotations

import sys

from flows import interrupts


def main(arguments: list[str] | None = None) -> int:
    """Run the tasks that the arguments name; without any, list them. Return the exit code."""
    try:
        with interrupts.as_exceptions():
            # Since the launcher they have been waiting for somebody to take them.
            interrupts.unblock()
            # Reading Invoke takes a while: from here on it can be interrupted.
            from flows import task_program

            task_program.run(sys.argv[1:] if arguments is None else arguments)
    except interrupts.Interrupted as error:
        print(f"\n{error}", file=sys.stderr)
        return error.code
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        # There is nothing left to interrupt, and Python would print where it was.
        interrupts.ignore()
