"""What a task prints while it works: on a terminal, and in a log."""

import io

import pytest

from flows.terminal import progress
from flows.terminal.progress import PlainProgress, Progress, Terminal


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """The time, which the test sets."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_log_has_a_line_now_and_then(clock):
    stream = io.StringIO()
    plain = PlainProgress(stream, "hardware")
    plain.show("too early")
    clock[0] += progress.PLAIN_INTERVAL
    plain.show("compiling")
    plain.count(3, 7, "too early again")
    clock[0] += progress.PLAIN_INTERVAL
    plain.count(4, 7, "linking")
    assert stream.getvalue() == "hardware   ... compiling\nhardware   ... 4/7 linking\n"


def test_tracking_in_a_log_gives_every_item_and_says_how_many_there_are(clock):
    stream = io.StringIO()
    found = []
    for item in PlainProgress(stream, "quantize").track(iter("abc"), "batch", total=3):
        found.append(item)
        clock[0] += progress.PLAIN_INTERVAL
    assert found == ["a", "b", "c"]
    assert stream.getvalue().splitlines() == [f"quantize   ... batch {n}/3" for n in (1, 2)]


def test_without_a_total_the_length_counts_where_there_is_one(clock):
    stream = io.StringIO()
    for items in ([1, 2], iter([1, 2])):
        for _ in PlainProgress(stream, "x").track(items, "step"):
            clock[0] += progress.PLAIN_INTERVAL
    assert [line.split("... ")[1] for line in stream.getvalue().splitlines()] == [
        "step 1/2",
        "step 1",
    ]


def test_notes_stay_and_are_printed_as_they_are():
    for stream in (io.StringIO(), Screen()):
        with Terminal(stream).progress("export") as shown:
            shown.note("[bold]MNIST[/bold] has 10 classes")
        assert "export     [bold]MNIST[/bold] has 10 classes\n" in stream.getvalue()


def test_a_terminal_shows_what_is_happening():
    stream = Screen()
    with Terminal(stream).progress("export") as shown:
        assert list(shown.track([1, 2], "training")) == [1, 2]
        shown.show("saving")
        shown.count(1, 2, "checking")
    assert "checking" in stream.getvalue()


def test_progress_ends_with_an_error_as_well(monkeypatch):
    closed = []
    monkeypatch.setattr(PlainProgress, "close", lambda self: closed.append(self))
    with pytest.raises(KeyError), Terminal(io.StringIO()).progress("export"):
        raise KeyError
    assert len(closed) == 1


def test_lines_of_a_task_stand_below_each_other():
    stream = io.StringIO()
    terminal = Terminal(stream)
    terminal.line("export", "up to date")
    terminal.line("a long name of a stage", "done")
    terminal.note("a remark")
    assert stream.getvalue() == ("export     up to date\na long name of a stage done\na remark\n")


def test_the_silent_progress_gives_the_items():
    assert list(Progress().track("ab", "x")) == ["a", "b"]
