"""The stage `power`, with stand-ins for the simulator, Yosys and what reads waveforms."""

import json
from dataclasses import replace

import pytest

from flows.errors import HeepstorError
from flows.simulate import simulation
from flows.simulate.device_log import DeviceLog, InputRun
from flows.synth import rtlil
from flows.synth.silicon import POWER, stage
from flows.synth.silicon.waveform import Windows
from flows.system import tools
from flows.terminal.progress import Progress
from tests.support.small_cells import technology
from tests.unit.flows.synth.silicon.test_power import MAPPED, MODULES

HEADER = """\
$scope module TOP $end
$var wire 1 ! clk_i $end
$scope module soc_sim $end
$scope module u_soc $end
$var wire 1 ! clk_i $end
$scope module u_engine $end
$var wire 1 " busy $end
$upscope $end
$scope module u_a $end
$var wire 1 ! clk_i $end
$var wire 1 # value_q $end
$var wire 1 # q_o $end
$upscope $end
$scope module u_b $end
$var wire 1 ! clk_i $end
$var wire 1 {b} value_q $end
$var wire 1 {b} q_o $end
$upscope $end
$upscope $end
$upscope $end
$upscope $end
$enddefinitions $end
"""


def waves(b: str = "#", busy: int = 1) -> str:
    """A waveform of registers that invert themselves; with another b, one of them does not."""
    steps = [f'#0\n0!\n{busy}"\n0#\n0%\n']
    steps += [f"#{2 * n - 1}\n1!\n{n % 2}#\n#{2 * n}\n0!\n" for n in range(1, 9)]
    return HEADER.format(b=b) + "".join(steps) + "#99\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the stage with a waveform's text."""
    program = tmp_path / "fst2vcd"
    monkeypatch.setattr(tools, "FST2VCD", replace(tools.FST2VCD, commands=(str(program),)))
    monkeypatch.setattr(rtlil, "read", lambda path: MODULES)
    monkeypatch.setattr(simulation, "check", lambda log, model: None)

    def execute(simulator, elf, out, progress, options):
        (name,) = options
        (stage.Path(name.removeprefix("--trace="))).touch()
        return DeviceLog(inputs={0: InputRun(cycles=9)})

    monkeypatch.setattr(simulation, "execute", execute)

    class Mapper:
        def run(self, modules):
            return MAPPED

    def work(text):
        (tmp_path / "vcd").write_text(text)
        program.write_text(f"#!/bin/sh\ncat {tmp_path}/vcd\n")
        program.chmod(0o755)
        out = tmp_path / "out"
        out.mkdir()
        cells, none = technology(tmp_path), tmp_path / "none"
        stage.run(none, none, none, none, Mapper(), cells, 50.0, out, Progress())
        return out

    return work


def test_power_of_an_inference(run):
    out = run(waves())
    assert [path.name for path in out.iterdir()] == [POWER], "the waveform is gone"
    found = json.loads((out / POWER).read_text())
    assert found["technology"]["label"] == "a small label"
    assert (found["inference_cycles"], found["recorded_cycles"]) == (9, 9)
    assert found["agreement"]["wrong"] == 0
    assert found["total"]["milliwatts"] > 0


def test_gates_that_do_something_else_are_an_error(run):
    with pytest.raises(HeepstorError, match="8 of 16 values of registers"):
        run(waves(b="%"))


def test_a_network_without_the_engine_is_an_error(run):
    with pytest.raises(HeepstorError, match="the engine does not work in this network"):
        run(waves(busy=0))


def test_a_missing_program_is_named(monkeypatch, tmp_path):
    lacking = replace(tools.FST2VCD, commands=(str(tmp_path / "none"),))
    monkeypatch.setattr(tools, "FST2VCD", lacking)
    with pytest.raises(HeepstorError, match=r"fst2vcd is missing(.|\n)*gtkwave"):
        stage.require()


def test_reading_may_stop_early(run, tmp_path):
    run(waves())
    assert stage.record(tmp_path / "any", Windows(2, 2, 2)).cycles == 2
