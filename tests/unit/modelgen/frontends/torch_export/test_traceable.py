"""Models that cannot be traced, whatever their inputs are."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from tests.support.refused import check_message


def test_not_a_module() -> None:
    check_message(lambda x: x, (4,), "model() returned a function", "torch.nn.Module")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_modules_of_torchscript() -> None:
    scripted = torch.jit.script(nn.Linear(4, 3))
    check_message(scripted, (4,), "model() returned", "TorchScript", "'checkpoint'")
    check_message(nn.Sequential(nn.ReLU(), scripted), (4,), "Layer '1'", "TorchScript")


def test_compiled_modules() -> None:
    compiled = torch.compile(nn.Linear(4, 3))
    check_message(compiled, (4,), "The model that model() returned is compiled by torch.compile")
    check_message(nn.Sequential(nn.ReLU(), compiled), (4,), "Layer '1' is compiled")


@pytest.mark.filterwarnings("ignore")
def test_quantized_layers() -> None:
    model = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 3)))
    check_message(model, (4,), "Layer '0' is quantized already (Linear)", "before")


def test_models_that_are_prepared_for_quantization() -> None:
    class Prepared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.quant = torch.ao.quantization.QuantStub()
            self.functions = torch.ao.nn.quantized.FloatFunctional()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.functions.add(self.quant(x), x)

    assert import_model(Prepared(), (4,), 1).nodes


def test_values_that_are_none_of_fp32() -> None:
    """PyTorch would convert complex numbers to their real parts."""
    model = nn.Sequential(nn.ReLU())
    model[0].register_buffer("phases", torch.ones(4, dtype=torch.complex64))
    check_message(model, (4,), "Layer '0' has complex numbers in 'phases'")
    nowhere = nn.Linear(4, 3, device="meta")
    check_message(nn.Sequential(nowhere), (4,), "no values for 'weight'", "'meta'")


def test_layers_that_take_their_sizes_from_the_input() -> None:
    assert import_model(nn.Sequential(nn.LazyLinear(3)), (4,), 1).nodes
