"""The default configuration's values, with changes."""

import copy

import hjson
import pytest

from flows import config
from flows.errors import HeepstorError

DEFAULT = hjson.loads(config.DEFAULT_PATH.read_text())


def changed(path: str, value):
    """The default values with one of them replaced."""
    values = copy.deepcopy(DEFAULT)
    *sections, name = path.split(".")
    target = values
    for section in sections:
        target = target[section]
    target[name] = value
    return values


def message_of(values) -> str:
    with pytest.raises(HeepstorError) as caught:
        config.from_dict(values, "test.hjson")
    return str(caught.value)
