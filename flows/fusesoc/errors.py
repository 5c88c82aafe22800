"""Errors of code that FuseSoC calls."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from flows.errors import HeepstorError


@contextlib.contextmanager
def as_fusesoc_takes_them() -> Iterator[None]:
    """Raise errors as RuntimeError, whose message FuseSoC prints; it takes Ctrl-C for success."""
    try:
        yield
    except HeepstorError as error:
        raise RuntimeError(str(error)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
