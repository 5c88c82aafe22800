"""Checks of what was typed on the command line: paths, numbers, choices."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from flows.errors import HeepstorError


def user_path(text: str) -> Path:
    """Return a path that the user typed, seen from the folder where they typed it.

    Raises HeepstorError if it begins with the home folder of a user who has none.
    """
    try:
        typed = Path(text).expanduser()
    except RuntimeError as error:
        raise HeepstorError(
            f"{text}: no such home folder. Write ./{text} for a folder whose name begins so."
        ) from error
    return Path(os.environ.get("HEEPSTOR_CWD", ".")).joinpath(typed).resolve()


def whole_number(name: str, text: str, least: int) -> int | None:
    """Return the number that was typed for an option; None if nothing was.

    Raises HeepstorError with the least that it can be.
    """
    if text and not (re.fullmatch("[0-9]{1,18}", text) and int(text) >= least):
        raise HeepstorError(f"--{name} is {text!r}: expected an integer >= {least}.")
    return int(text) if text else None


def check_choice(name: str, value: str, allowed: Iterable[str]) -> None:
    """Raise HeepstorError with the values that an option can have if this is none of them."""
    if value not in allowed:
        choices = " or ".join(choice for choice in allowed if choice)
        raise HeepstorError(f"--{name} is {value!r}: it can be {choices}.")
