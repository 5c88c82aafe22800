"""Options of two values."""

import pytest
from invoke import Collection, ParseError
from invoke.parser import Parser

from flows.cli.pairs import Pair, TaskWithPairs


def compare(context, compare=Pair(), unit="cycles"):  # noqa: B008  (as tasks have it)
    """A task with such an option."""


def parsed(*words):
    collection = Collection(compare=TaskWithPairs(compare))
    (found,) = Parser(contexts=collection.to_contexts()).parse_argv(["compare", *words])
    return found.args


def test_both_values_are_taken_and_no_more():
    found = parsed("--compare", "a", "b", "--unit", "us")
    assert found["compare"].value == ("a", "b")
    assert found["unit"].value == "us"


def test_without_the_option_there_are_none():
    assert parsed()["compare"].value == ()


@pytest.mark.parametrize("words", [["--compare"], ["--compare", "a"]])
def test_one_value_is_too_few(words):
    with pytest.raises(ParseError, match="needed value"):
        parsed(*words)
