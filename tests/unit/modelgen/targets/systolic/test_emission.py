"""The engine's layers as C++: arrays of descriptors, and addresses that infer() sets."""

from __future__ import annotations

from dataclasses import replace

from modelgen.targets.systolic.emission import emit
from modelgen.targets.systolic.jobs import EngineLayer, Place
from tests.support.engine_jobs import job, layer, load, store


class Arguments:
    """Tensor x is the caller's input, y the output; all others are in the arena."""

    def is_argument(self, tensor: str) -> str:
        return {"x": "input", "y": "output"}.get(tensor, "")

    def argument_offset(self, tensor: str, offset: int) -> int:
        return offset // 4

    def pointer(self, tensor: str, offset: int = 0) -> str:
        return f"{tensor} + {offset // 4}"


def named(name: str, index: int, *jobs) -> EngineLayer:
    made = layer(*jobs)
    return replace(made, index=index, node=replace(made.node, name=name))


def test_no_layers_no_code() -> None:
    assert emit([], Arguments()).definitions == ""


def test_jobs_are_linked_to_the_next_layer_of_their_chain_alone() -> None:
    first, second = named("fc.1", 0, job(), job()), named("2", 1, job())
    other = named("short", 3, job())
    code = emit([[first, second], [other]], Arguments())
    text = " ".join(code.definitions.split())
    assert "layer0_fc_1" in text and "layer1_2" in text and "layer3_short" in text
    assert text.count(".next(&layer0_fc_1[1])") == 1
    assert text.count(".next(layer1_2)") == 1
    assert ".next(layer3_short)" not in text
    assert [s.result for s in code.statements] == [
        "engine::run(layer0_fc_1)",
        "engine::run(layer3_short)",
    ]
    assert code.profiles == {0: "&profiles[0]", 1: "&profiles[1]", 3: "&profiles[2]"}
    assert text.count(".profile(") == 3, "one a layer"


def test_addresses_of_the_caller_s_arrays_are_set_by_infer() -> None:
    made = named("fc", 0, job(load=load(source=Place("x", 8)), store=store(memory=Place("y"))))
    code = emit([[made]], Arguments())
    assert code.setup == (
        "engine::set_source(layer0_fc[0], input + 2);",
        "engine::set_destination(layer0_fc[0], output);",
    )
    assert "load(nullptr" in code.definitions and "store_to_memory(nullptr" in code.definitions


def test_scales_may_be_the_caller_s() -> None:
    made = replace(named("se", 0, job(channel=8, store=store(memory=Place("b")))), scales="x")
    code = emit([[made]], Arguments())
    assert code.setup == ("engine::set_parameters(layer0_se[0], input + 8);",)
    assert "scales(nullptr)" in code.definitions


def test_many_of_them_are_listed_in_a_table() -> None:
    jobs = [job(load=load(source=Place("x", 4 * n)), store=store()) for n in range(5)]
    few = emit([[named("fc", 0, *jobs[:4])]], Arguments())
    many = emit([[named("fc", 0, *jobs)]], Arguments())
    assert len(few.setup) == 8 and "input_loads" not in few.definitions
    assert many.setup[0] == "for (const Patch& patch : input_loads) {"
    assert "input_loads" in many.definitions


def test_what_is_in_the_arena_has_its_address_from_the_beginning() -> None:
    made = named("fc", 0, job(load=load(source=Place("a", 8)), store=store(memory=Place("b"))))
    code = emit([[made]], Arguments())
    assert code.setup == ()
    assert "load(a + 2" in code.definitions and "store_to_memory(b + 0" in code.definitions
