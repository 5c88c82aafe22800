"""Programs in files of torch.export.save."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.importer import import_program
from modelgen.frontends.torch_export.program_file import read_program


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
