"""Networks that a user names."""

from __future__ import annotations

import pytest

from flows.bench.choice import chosen
from flows.errors import HeepstorError

KNOWN = {"mnist": 1, "resnet8": 2, "dscnn": 3}


def test_those_of_some_names_in_their_order():
    assert chosen(KNOWN, ["dscnn", "mnist"]) == [3, 1]


def test_all_without_names():
    assert chosen(KNOWN, []) == [1, 2, 3]


def test_a_name_that_is_unknown():
    with pytest.raises(HeepstorError, match=r"no network 'vgg'\. Valid choices: mnist, res"):
        chosen(KNOWN, ["mnist", "vgg"])
