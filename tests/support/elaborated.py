"""Synthesized designs: trees of instances with an array."""

from flows.synth import estimate
from flows.synth.hierarchy import Instance
from flows.synth.resources import Resources


def end(module, name):
    """An end of a path, as utilization.json describes it."""
    return {"instance": "u", "module": module, "name": name, "file": f"{module}.sv", "line": 7}


def timing():
    """What `depths.measure` returns for `soc`: one path from the lanes to the buffer."""
    path = {"from": end("accumulators", "a_q"), "to": end("activation_buffer", "b_q")}
    return {
        "levels": 12,
        "nanoseconds": 8.0,
        "mhz": 125.0,
        "divided": None,
        "paths": [{"levels": 11, "nanoseconds": 8.0, **path}],
        "modules": {"activation_buffer": {"levels": 12, "nanoseconds": 8.0}},
    }


def soc(size, logic=100):
    """A design with an array: 40 LUTs an element, 300 a row of accumulators."""
    own = Resources(lut=40, dsp=1)
    elements = [Instance(f"e{n}", estimate.ELEMENT, own) for n in range(size**2)]
    array = Instance("array", "systolic_array", Resources(), elements)
    lanes = Instance("lanes", "accumulators", Resources(lut=300 * size, bram=0.5 * size))
    buffer = Instance("buffer", "activation_buffer", Resources(lut=10 * size, bram=7))
    return Instance("soc", "soc", Resources(lut=logic), [array, lanes, buffer])
