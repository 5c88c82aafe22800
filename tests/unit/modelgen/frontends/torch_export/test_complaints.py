"""Complaints about models: one for each layer or line, in words that its author knows."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.complaints import Complaint, merged, unsupported
from modelgen.frontends.torch_export.importer import UnsupportedError, import_model


def refusals(model: nn.Module, *features: int) -> list[str]:
    with pytest.raises(UnsupportedError) as caught:
        import_model(model, features, 1)
    return [str(each) for each in caught.value.complaints]


class Function(nn.Module):
    """A model that calls a function."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function
        self.layer = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(self.layer(x))


@pytest.mark.parametrize(
    ("function", "parts"),
    [
        (lambda x: torch.sort(x)[0], ("Function sort is not supported", "outside the model.")),
        (lambda x: torch.fft.fft(x).real, ("Function fft.fft is not", "function real is not")),
        (lambda x: torch.stft(x, 4, return_complex=True), ("Function stft is not", "spectrum")),
        (lambda x: x * x.sum().item(), ("Function item is not", "leave out .item()")),
        (lambda x: torch.masked_select(x, x > 0), ("Function masked_select", "size of its result")),
        (lambda x: torch.rand_like(x), ("Function rand_like", "Draw random numbers outside")),
        (lambda x: x + torch.randn(4), ("Function randn is", "Draw random numbers outside")),
    ],
)
def test_functions(function: Callable, parts: tuple[str, ...]) -> None:
    """All that is wrong with a line is in one message, which also says what to do."""
    (message,) = refusals(Function(function), 4)
    for part in parts:
        assert part in message, message
    assert ", at test_complaints.py:" in message


def test_layers() -> None:
    model = nn.Sequential(nn.Conv3d(1, 2, 3), nn.ReLU(), nn.MaxPool3d(2))
    assert refusals(model, 1, 6, 6, 6) == [
        "Layer '0' (Conv3d) is not supported.",
        "Layer '2' (MaxPool3d) is not supported.",
    ]


@pytest.mark.parametrize(
    ("function", "subject"),
    [
        (lambda x: x.round(decimals=1), "Function round is not supported with these arguments, at"),
        (lambda x: torch.div(x, 2, rounding_mode="floor"), "Function div is not supported with"),
        (lambda x: x.abs() ** x, "Function pow is not supported with these arguments, at"),
        (lambda x: x // 2, "Operator // is not supported, at"),
        (lambda x: (-2.0) ** x, "Operator ** raises -2 to a power"),
        (lambda x: 2 % x, "Operator % is not supported"),
        (lambda x: x.argmax(1) << 1, "Operator << is not supported, at"),
    ],
)
def test_forms_and_operators(function: Callable, subject: str) -> None:
    (message,) = refusals(Function(function), 4)
    assert message.startswith(subject)


def test_modes_of_interpolation() -> None:
    (message,) = refusals(nn.Upsample(scale_factor=2, mode="bicubic"), 1, 4, 4)
    assert message.startswith("Function interpolate is not supported") and "bilinear" in message
    assert import_model(nn.Upsample(2, mode="area"), (1, 4, 4), 1).nodes


def test_a_layer_of_which_one_function_is_not_supported() -> None:
    stack = {"": ("conv", "torch.nn.modules.conv.Conv2d")}
    meta = {"nn_module_stack": stack, "torch_fn": ("pad_1", "function.pad")}
    message = str(unsupported(SimpleNamespace(name="pad", meta=meta)))
    assert message == "Layer 'conv' (Conv2d) uses pad, which is not supported."


def test_assignment_to_a_part() -> None:
    def clear(x: torch.Tensor) -> torch.Tensor:
        x[:, 0] = 0
        return torch.relu(x)

    (message,) = refusals(Function(clear), 4)
    assert message.startswith("Assignment to a part of a tensor is not supported, at ")
    assert message.endswith("Make a new tensor, such as with torch.where or torch.cat.")


def test_complaints_about_one_line_or_layer_are_one() -> None:
    line = "model.py:3: x = a(b(x))"
    a = Complaint("", ("a",), line, ("Function a is odd",), ("Use c.",))
    b = Complaint("", ("b",), line, ("Function b is not supported",), ("Use c.",))
    elsewhere = Complaint("", ("b",), "model.py:4: b(x)", ("Function b is not supported",))
    odd = Complaint("fc", ("mul",), "", ("Layer 'fc' (Fc) is odd",))
    whole = Complaint("fc", ("fc",), "", ("Layer 'fc' (Fc) is not supported",))
    found = merged([a, odd, b, elsewhere, a])
    assert [str(each) for each in found] == [
        f"Function a is odd; function b is not supported, at {line}. Use c.",
        "Layer 'fc' (Fc) is odd.",
        "Function b is not supported, at model.py:4: b(x).",
    ]
    assert found[0].operators == ("a", "b")
    assert [str(each) for each in merged([odd, whole])] == [f"{whole.problems[0]}."]


def test_complaints_about_one_line_of_several_modules_are_one() -> None:
    line = "model.py:3: return torch.sort(x)[0]"

    def about(layer: str, reason: str = "is not supported", at: str = line) -> Complaint:
        return Complaint(layer, ("sort",), at, (f"Function sort in '{layer}' (Block) {reason}",))

    layers = [about(f"blocks.{number}") for number in range(6)]
    elsewhere = about("blocks.1", at="model.py:5: torch.sort(y)"), about("c", "is odd")
    found = merged([*layers, *elsewhere, about("a", at=""), about("b", at="")])
    assert str(found[0]) == (
        f"Function sort in 'blocks.0' (Block) is not supported, at {line}. The same goes for "
        "'blocks.1', 'blocks.2', 'blocks.3', 2 more."
    )
    assert len(found) == 5 and [each.others for each in found[2:]] == [()] * 3
