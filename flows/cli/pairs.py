"""Task options that take two values: `--compare A B`."""

from __future__ import annotations

from invoke import Argument, Task


class Pair(tuple):
    """The default of such an option: no values."""


class PairArgument(Argument):
    """Collects two values; `value` is a tuple of both, or empty."""

    def set_value(self, value: object, cast: bool = True) -> None:
        """Store one of the values. The parser continues as long as `raw_value` is None."""
        self._collected = (*getattr(self, "_collected", ()), value)
        if len(self._collected) == 2:
            self.raw_value = self._value = self._collected


class TaskWithPairs(Task):
    """A task whose options may have the default Pair()."""

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """Return the arguments; those with the default Pair() take two values."""
        return [_paired(found) for found in super().get_arguments(ignore_unknown_help)]


def _paired(argument: Argument) -> Argument:
    if argument.kind is not Pair:
        return argument
    return PairArgument(
        names=argument.names,
        default=argument.default,
        help=argument.help,
        attr_name=argument.attr_name,
    )
