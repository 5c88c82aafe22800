"""A small library of standard cells, and netlists of them."""

from __future__ import annotations

from pathlib import Path

from flows.synth.netlist import Netlist, Primitive
from flows.synth.silicon.technology import Technology

TABLE = """
      {edge}_power (two_by_two) {{
        index_1 ("0.0, 0.1");
        index_2 ("0.1, 0.3");
        values ("{low}, {low}", "{high}, {high}");
      }}
"""
LIBERTY = (
    """
/* a comment { that opens nothing */
library (small) {
  time_unit : "1ns"; voltage_unit : "1V"; leakage_power_unit : "1nW";
  current_unit : "1uA"; pulling_resistance_unit : "1kohm";
  capacitive_load_unit (1,pf);
  power_lut_template (two_by_two) {
    variable_1 : total_output_net_capacitance;
    variable_2 : input_transition_time;
  }
  cell (INV) {
    area : 1; cell_leakage_power : 2.5;
    pin(A) { direction : input; capacitance : 0.01; }
    pin(Y) { direction : output; function : "(!A)"; internal_power() { related_pin : "A";
"""
    + TABLE.format(edge="rise", low="1.0", high="3.0")
    + TABLE.format(edge="fall", low="2.0", high="6.0")
    + """
    } }
  }
  cell (DFF) {
    area : 4; cell_leakage_power : 4;
    ff (IQ, IQN) { next_state : "D"; clocked_on : "CLK"; }
    pin(CLK) { direction : input; capacitance : 0.02; clock : true; }
    pin(D) { direction : input; capacitance : 0.01; }
    pin(Q) { direction : output; function : "IQ"; }
  }
}
"""
)
LEF = """
MACRO INV
  CLASS CORE ;
  SIZE 1.500 BY 10.000 ;
END INV
MACRO DFF
  CLASS CORE ;
  SIZE 9.000 BY 10.000 ;
END DFF
"""


def technology(folder: Path) -> Technology:
    """A technology with the library's files in a folder."""
    liberty, lef = folder / "small.lib", folder / "small.lef"
    liberty.write_text(LIBERTY)
    lef.write_text(LEF)
    return Technology("small", "a small label", liberty, lef, "INV", (), 64, 2.0, ())


def inverter(source: int, target: int) -> Primitive:
    return Primitive("gate", "INV", {}, {"A": [source], "Y": [target]})


def register(name: str, clock: int, data: int, output: int) -> Primitive:
    return Primitive(name, "DFF", {}, {"CLK": [clock], "D": [data], "Q": [output]})


def memory(name: str, words: int, width: int, clocked: bool) -> Primitive:
    """A memory with a port that reads and one that writes, connected to nothing but net 0."""
    parameters = {
        "SIZE": f"{words:b}",
        "WIDTH": f"{width:b}",
        "ABITS": "11",
        "RD_PORTS": "1",
        "WR_PORTS": "1",
        "RD_CLK_ENABLE": "1" if clocked else "0",
    }
    return Primitive(name, "$mem_v2", parameters, {"RD_CLK": [0], "RD_DATA": [-1] * width})


def toggling() -> Netlist:
    """A register that inverts itself: nets clock 0, output 1, data 2."""
    return Netlist(
        nets=3,
        ports={"clk_i": [0], "q_o": [1]},
        inputs=frozenset({"clk_i"}),
        primitives=(register("value_q", 0, 2, 1), inverter(1, 2)),
        boxes={},
        wires={"value_q": [1]},
    )


def around(inner: Netlist) -> Netlist:
    """A module with two instances of another one, `u_a` and `u_b`, on one clock."""
    boxes = {"u_a": {"clk_i": [0], "q_o": [1]}, "u_b": {"clk_i": [0], "q_o": [2]}}
    ports = {"clk_i": [0], "a_o": [1], "b_o": [2]}
    return Netlist(3, ports, frozenset({"clk_i"}), (inverter(1, -1),), boxes)
