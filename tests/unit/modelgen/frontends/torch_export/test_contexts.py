"""Parts of a model that run in a context."""

from __future__ import annotations

import torch
from torch import nn

from modelgen.frontends.torch_export.contexts import inline_contexts
from tests.support.refused import check_message
from tests.support.same import check_same


class Frozen(nn.Module):
    """Layers without gradients, of which two results are used, among others."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = (nn.Linear(4, 4) for _ in range(3))

    @torch.no_grad()
    def backbone(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.autocast("cpu", enabled=False):
            x = self.first(x)
        return x, torch.relu(self.second(x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        one, other = self.backbone(x + 1)
        return self.last(other) - one


class Whole(Frozen):
    @torch.no_grad()
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.first(x)


class Lowered(Frozen):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            x = self.first(x)
        return self.last(x.float())


def test_contexts_change_nothing() -> None:
    graph = check_same(Frozen(), shape=(4,))
    assert {"first", "second", "last"} <= {node.name for node in graph.nodes}
    check_same(Whole(), shape=(4,))


def test_nothing_of_a_context_remains() -> None:
    program = torch.export.export(Frozen(), (torch.zeros(1, 4),))
    assert any("wrap_with" in str(node.target) for node in program.graph.nodes)
    inline_contexts(program.graph_module)
    assert not any("wrap_with" in str(node.target) for node in program.graph.nodes)


def test_a_context_for_another_device() -> None:
    program = torch.export.export(Lowered(), (torch.zeros(1, 4),))
    (call,) = (node for node in program.graph.nodes if "wrap_with" in str(node.target))
    inline_contexts(program.graph_module)
    assert call in program.graph.nodes
    call.args = ("cuda", *call.args[1:])
    inline_contexts(program.graph_module)
    assert call not in program.graph.nodes


def test_lower_precision_is_refused() -> None:
    parts = "Autocast is not supported, at test_contexts.py:", "self.first(x)", "without it"
    check_message(Lowered(), (4,), *parts)
