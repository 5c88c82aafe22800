"""Checks of command-line arguments: paths, numbers, choices."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from flows.errors import HeepstorError


def user_path(text: str) -> Path:
    """Return a path that the user typed, resolved from their working folder.

    Raises HeepstorError if it begins with ~NAME for an unknown user.
    """
    try:
        typed = Path(text).expanduser()
    except RuntimeError as error:
        raise HeepstorError(
            f"{text}: no such home folder. Use ./{text} for a folder whose name begins with ~."
        ) from error
    return Path(os.environ.get("HEEPSTOR_CWD", ".")).joinpath(typed).resolve()


def whole_number(name: str, text: str, least: int) -> int | None:
    """Return the number typed for an option, or None if nothing was typed.

    Raises HeepstorError with the smallest valid value.
    """
    if text and not (re.fullmatch("[0-9]{1,18}", text) and int(text) >= least):
        raise HeepstorError(f"--{name} is {text!r}: expected an integer >= {least}.")
    return int(text) if text else None


def check_choice(name: str, value: str, allowed: Iterable[str]) -> None:
    """Raise HeepstorError with the valid choices if an option's value is not one of them."""
    if value not in allowed:
        choices = ", ".join(choice for choice in allowed if choice)
        raise HeepstorError(f"--{name} is {value!r}. Valid choices: {choices}.")
