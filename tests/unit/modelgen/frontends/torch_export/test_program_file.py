"""Programs in files of torch.export.save."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.importer import import_program
from modelgen.frontends.torch_export.program_file import read_program
from modelgen.ir.execute import run_graph
from modelgen.ir.packing import pack_inputs


def saved(path: Path, model: nn.Module, *inputs: torch.Tensor, **options: object) -> Path:
    torch.export.save(torch.export.export(model.eval(), inputs, **options), path)
    return path


class Sum(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y


def test_the_batch_is_that_of_the_example(tmp_path: Path) -> None:
    program, batch = read_program(saved(tmp_path / "a.pt2", nn.Linear(4, 3), torch.zeros(5, 4)))
    assert batch == 5
    graph = import_program(program, batch).graph
    assert [graph.tensors[name].shape for name in graph.outputs] == [(5, 3)]


def test_open_sizes_become_those_of_the_example(tmp_path: Path) -> None:
    sizes = ({0: torch.export.Dim("batch")},)
    path = saved(tmp_path / "a.pt2", nn.Linear(4, 3), torch.zeros(2, 4), dynamic_shapes=sizes)
    program, batch = read_program(path)
    assert import_program(program, batch).graph.tensors["linear"].shape == (2, 3)


def test_several_inputs(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt2", Sum(), torch.zeros(1, 4), torch.zeros(1, 4))
    assert len(import_program(*read_program(path)).graph.inputs) == 2


def test_files_that_are_no_programs(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no .*none\.pt2"):
        read_program(tmp_path / "none.pt2")
    (tmp_path / "junk.pt2").write_text("junk")
    with pytest.raises(ModelError, match=r"is not an exported program.*torch\.export\.save"):
        read_program(tmp_path / "junk.pt2")


class Scaled(nn.Module):
    """Takes tensors and others, in any form."""

    def forward(
        self, pair: tuple[torch.Tensor, dict[str, torch.Tensor]], factor: float, *, mode: str = ""
    ) -> torch.Tensor:
        first, others = pair
        return first * factor - others["offset"] if mode == "offset" else first


def test_inputs_in_other_forms(tmp_path: Path) -> None:
    """Tensors are inputs wherever they are; numbers and strings are part of the program."""
    pair = torch.ones(2, 4), {"offset": torch.ones(2, 4)}
    program = torch.export.export(Scaled(), (pair, 3.0), {"mode": "offset"})
    torch.export.save(program, tmp_path / "a.pt2")
    program, batch = read_program(tmp_path / "a.pt2")
    graph = import_program(program, batch).graph
    assert batch == 2 and len(graph.inputs) == 2
    rows = pack_inputs(graph, (np.full((2, 4), 5.0), np.full((2, 4), 1.0)))
    np.testing.assert_array_equal(run_graph(graph, rows), np.full((2, 4), 14.0))


def test_inputs_by_name_alone(tmp_path: Path) -> None:
    program = torch.export.export(Sum(), (), {"x": torch.zeros(3, 4), "y": torch.zeros(3, 4)})
    torch.export.save(program, tmp_path / "a.pt2")
    program, batch = read_program(tmp_path / "a.pt2")
    assert batch == 3 and len(import_program(program, batch).graph.inputs) == 2


def test_programs_without_layers(tmp_path: Path) -> None:
    """What is left of layers after run_decompositions() is no message about each of them."""
    program = torch.export.export(nn.Conv2d(1, 1, 3).eval(), (torch.zeros(1, 1, 4, 4),))
    torch.export.save(program.run_decompositions(), tmp_path / "a.pt2")
    with pytest.raises(ModelError, match=r"^The model has been taken apart by run_decomp.*\.$"):
        import_program(*read_program(tmp_path / "a.pt2"))


def test_calls_without_a_known_result(tmp_path: Path) -> None:
    """What a file does not tell about the calls after one of unknown size is no failure."""

    class Chosen(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[x > 0].sum() + torch.nonzero(x).sum() + x

    path = saved(tmp_path / "a.pt2", Chosen(), torch.ones(1, 4))
    with pytest.raises(ModelError, match="nonzero is not supported"):
        import_program(*read_program(path))
