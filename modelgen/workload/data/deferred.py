"""Fields of data classes whose values are made when they are first read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

Instance = TypeVar("Instance")


class Deferred:
    """A field, None by default, that may be given as a function without arguments.

    The function is called when the field is first read; from then on, the field is what it
    returned.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        """Note the name of the field."""
        self._name = f"_{name}"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Return the field's value; of the class, its default."""
        if instance is None:
            return None
        value = vars(instance)[self._name]
        if callable(value):
            value = value()
            self.__set__(instance, value)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        """Set the field to a value, or to a function that returns it."""
        vars(instance)[self._name] = value


def change(instance: object, name: str, function: Callable[[Any], Any]) -> Any:
    """Return what a function makes of a field's value, or a function that does so when called.

    Args:
        instance: what the field belongs to.
        name: the name of the field, which is `Deferred`. If its value has not been made yet, it is
            made when the returned function is called.
        function: called with the value, unless that is None, which it stays.
    """

    def changed(value: Any) -> Any:
        return None if value is None else function(value)

    given = _given(instance, name)
    return (lambda: changed(given())) if callable(given) else changed(given)


def replace(instance: Instance, **changes: Any) -> Instance:
    """Return what `dataclasses.replace` does, without making values of fields that are kept."""
    names = [field.name for field in dataclasses.fields(instance)]  # type: ignore[arg-type]
    kept = {name: _given(instance, name) for name in names if f"_{name}" in vars(instance)}
    return dataclasses.replace(instance, **{**kept, **changes})  # type: ignore[type-var]


def _given(instance: object, name: str) -> Any:
    """Return a field's value, or the function that has not been called."""
    return vars(instance)[f"_{name}"]
