"""Random `nn.Module`s for tests: drawn from a seed, printed as PyTorch code, and shrunk.

A module is drawn as a description, step by step; each step is tried in PyTorch immediately, so that
all shapes of the module match. Any part of a description is a valid module as well.
"""

from modelgen.verify.random_modules.description import RandomModule, Step
from modelgen.verify.random_modules.draw import draw, smaller
from modelgen.verify.random_modules.source import make_class, text
from modelgen.verify.random_modules.weights import draw_inputs, fill

__all__ = [
    "RandomModule",
    "Step",
    "draw",
    "draw_inputs",
    "fill",
    "make_class",
    "smaller",
    "text",
]
