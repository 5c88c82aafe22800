"""Mapped modules, as Yosys writes them and as they are kept."""

import json

from flows.synth import netlist
from flows.synth.netlist import CONSTANT, Primitive

WRITTEN = {
    "ports": {
        "clk_i": {"direction": "input", "bits": [2]},
        "q_o": {"direction": "output", "bits": [5, "0"]},
    },
    "cells": {
        "$auto$1": {
            "type": "FDRE",
            "attributes": {"src": "/share/xilinx/ff_map.v:42.41|count_q"},
            "parameters": {"INIT": "x"},
            "connections": {"C": [2], "D": [4], "Q": [5], "R": ["0"]},
        },
        "u_one": {
            "type": "ports_1",
            "attributes": {},
            "parameters": {},
            "connections": {"y_o": [4, "x"]},
        },
        "scope": {"type": "$scopeinfo", "attributes": {}, "parameters": {}, "connections": {}},
    },
}


def read():
    return netlist.from_yosys(WRITTEN, {"ports_1"}.__contains__)


def test_registers_have_the_names_of_the_source():
    (primitive,) = read().primitives
    assert primitive == Primitive(
        "count_q", "FDRE", {}, {"C": [0], "D": [2], "Q": [1], "R": [CONSTANT]}
    )


def test_submodules_and_ports_share_the_nets():
    found = read()
    assert found.boxes == {"u_one": {"y_o": [2, CONSTANT]}}
    assert found.ports == {"clk_i": [0], "q_o": [1, CONSTANT]}
    assert found.inputs == {"clk_i"}
    assert found.nets == 3
    assert found.cells == {"FDRE": 1}


def test_what_is_kept_is_read_again():
    found = read()
    assert netlist.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_names_of_nets_are_kept_if_the_recipe_says_so():
    names = {
        "value_q": {"hide_name": 0, "bits": [5, 4]},
        "$auto$7": {"hide_name": 1, "bits": [4]},
    }
    written = {**WRITTEN, "netnames": names}
    found = netlist.from_yosys(written, {"ports_1"}.__contains__, keeps_wires=True)
    assert found.wires == {"value_q": [1, 2]}
    assert netlist.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_names_that_yosys_made_up_are_not_shown():
    assert Primitive("$auto$1", "FDRE", {}, {}).known_name == "(unnamed)"
    assert Primitive("\\rows_q", "FDRE", {}, {}).known_name == "rows_q"
