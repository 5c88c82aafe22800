"""The quantized model as a file: loads without this project, and gives the same outputs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Graph
from modelgen.ir.packing import pack_inputs
from modelgen.passes.simplify import simplify
from modelgen.quantize.portable import FILE_NAME, save, to_module
from modelgen.quantize.weights import quantize

_ELSEWHERE = """
import importlib.util, sys
import numpy as np, torch
sys.path = [path for path in sys.path if path]
class Refuse:
    def find_spec(self, name, *_):
        if name.split(".")[0] in ("modelgen", "flows"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
program = torch.export.load(sys.argv[1])
kinds = {value.dtype for value in program.state_dict.values()}
assert kinds == {torch.int8, torch.float32}, kinds
outputs = program.module()(torch.from_numpy(np.load(sys.argv[2])))
np.save(sys.argv[3], outputs.detach().numpy())
"""


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding="same")
        self.norm = nn.BatchNorm2d(4)
        self.depthwise = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False)
        self.end = nn.Linear(4 * 3 * 2, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norm(self.first(x)))
        x = nn.functional.leaky_relu(self.depthwise(x) + x)
        return self.end(nn.functional.max_pool2d(x, 2).flatten(1))


def quantized(batch: int) -> Graph:
    torch.manual_seed(0)
    return quantize(simplify(import_model(Branches(), (3, 6, 4), batch)))


def test_loads_without_this_project(tmp_path: Path) -> None:
    graph = quantized(2)
    save(graph, ["float32"], tmp_path / FILE_NAME)
    values = np.random.default_rng(0).standard_normal((2, 3, 6, 4)).astype(np.float32)
    np.save(tmp_path / "inputs.npy", values)
    names = [str(tmp_path / name) for name in (FILE_NAME, "inputs.npy", "outputs.npy")]
    subprocess.run([sys.executable, "-c", _ELSEWHERE, *names], cwd=tmp_path, check=True)
    wanted = run_graph(graph, pack_inputs(graph, (values,)))
    np.testing.assert_allclose(np.load(tmp_path / "outputs.npy"), wanted, rtol=1e-5, atol=1e-6)


def test_the_same_graph_gives_the_same_bytes_without_paths(tmp_path: Path) -> None:
    files = [tmp_path / folder / FILE_NAME for folder in ("one", "two")]
    for file in files:
        file.parent.mkdir()
        save(quantized(1), ["float32"], file)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert str(Path(__file__).parents[4]).encode() not in files[0].read_bytes()


def test_flattened_maps_are_in_the_order_of_pytorch() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3), torch.nn.Flatten(), torch.nn.Dropout())
    graph = simplify(import_model(model, (3, 6, 4), 1))
    values = torch.randn(1, 3, 6, 4)
    with torch.no_grad():
        torch.testing.assert_close(to_module(graph)(values), model.eval()(values))
