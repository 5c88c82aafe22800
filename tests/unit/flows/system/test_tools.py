"""What is asked of the operating system, and how it is installed."""

from __future__ import annotations

import pytest

from flows.system import tools as system_tools


@pytest.mark.parametrize("is_root", [True, False])
@pytest.mark.parametrize(
    ("manager", "expected"),
    [("apt-get", "apt-get install g++ make"), ("apk", "apk add g++ make"), ("brew", None)],
)
def test_install_commands(empty_path, monkeypatch, manager, expected, is_root):
    program = empty_path / manager
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.setattr("os.geteuid", lambda: 0 if is_root else 1000)
    packages = [system_tools.COMPILER.packages, system_tools.MAKE.packages]
    command = system_tools.install_command(packages)
    if expected is None:
        assert command == "brew install gcc make", "brew refuses to run as root"
    else:
        assert command == ("" if is_root else "sudo ") + expected


def test_unknown_package_manager(empty_path):
    assert system_tools.install_command(system_tools.MAKE.packages) is None
    assert "package manager" in system_tools.describe_missing([system_tools.MAKE])
