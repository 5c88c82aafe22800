"""The command line's own messages: for what is misspelt, and for values that are missing."""

import pytest

from flows.cli import task_program


def message(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        task_program.run([*arguments])
    assert ended.value.code
    return capsys.readouterr().err.strip()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["biuld"], "There is no task 'biuld'. Did you mean build?"),
        (["qqqq"], "There is no task 'qqqq'. ./heepstor lists the tasks."),
        (["mnist"], "There is no task 'mnist'. It is a project: --project mnist"),
        (
            ["build", "--projekt"],
            "There is no option '--projekt'. ./heepstor <task> --help lists a task's options.",
        ),
        (["build", "--project"], "--project needs a value: --project VALUE."),
        (["new"], "new needs a name: ./heepstor new NAME."),
        (["report", "--compare", "a"], "--compare needs two values: --compare A B."),
    ],
)
def test_mistakes(capsys, arguments, expected):
    assert message(capsys, *arguments) == expected


def test_a_path_without_its_option(capsys, tmp_path, monkeypatch):
    (tmp_path / "net.pt2").touch()
    monkeypatch.setenv("HEEPSTOR_CWD", str(tmp_path))
    given = message(capsys, "check", "./net.pt2")
    assert given == "There is no task './net.pt2'. It is a file or folder: --project ./net.pt2"


def test_help_may_stand_behind_the_task():
    assert task_program._help_first(["build", "--help"]) == ["--help", "build"]
    assert task_program._help_first(["build", "-h"]) == ["--help", "build"]
    assert task_program._help_first(["build", "--project", "-h"]) == ["build", "--project", "-h"]
