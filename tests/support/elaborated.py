"""Synthesized designs: trees of instances with an array."""

from flows.synth import estimate
from flows.synth.hierarchy import Instance
from flows.synth.resources import Resources


def soc(size, logic=100):
    """A design with an array: 40 LUTs an element, 300 a row of accumulators."""
    own = Resources(lut=40, dsp=1)
    elements = [Instance(f"e{n}", estimate.ELEMENT, own) for n in range(size**2)]
    array = Instance("array", "systolic_array", Resources(), elements)
    lanes = Instance("lanes", "accumulators", Resources(lut=300 * size, bram=0.5 * size))
    buffer = Instance("buffer", "activation_buffer", Resources(lut=10 * size, bram=7))
    return Instance("soc", "soc", Resources(lut=logic), [array, lanes, buffer])
