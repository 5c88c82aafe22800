"""Random `nn.Module`s for tests: drawn from a seed, printed as PyTorch code, made smaller.

A module is drawn as a description, step by step; each step is tried in PyTorch at once, so that all
of a module's shapes fit. Any part of a description is a module too.
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
