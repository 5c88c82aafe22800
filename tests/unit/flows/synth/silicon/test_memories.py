"""Memories as black boxes."""

from flows.synth.silicon import memories
from tests.support.small_cells import memory


def test_words_bits_and_ports():
    found = memories.of(memory("\\\\store", 16, 8, True))
    assert (found.name, found.words, found.width, found.bits) == ("\\store", 16, 8, 128)
    assert (found.reads, found.writes, found.clocked) == (1, 1, (True,))


def test_equal_ones_are_one_cell():
    one, two = (memories.of(memory(name, 16, 8, True)) for name in "ab")
    assert one.kind == two.kind
    assert one.kind != memories.of(memory("a", 16, 8, False)).kind
    assert memories.library(iter([one, two])).count("cell (") == 1


def test_paths_end_in_a_memory_and_go_through_a_port_that_reads_at_once():
    clocked = memories.library(iter([memories.of(memory("m", 16, 8, True))]))
    assert 'related_pin : "RD_CLK_0"; timing_type : rising_edge' in clocked
    assert clocked.count("timing_type : combinational") == 0
    at_once = memories.library(iter([memories.of(memory("m", 16, 8, False))]))
    wanted = 'related_pin : "RD_ADDR_0 RD_ADDR_1 RD_ADDR_2"; timing_type : combinational'
    assert at_once.count(wanted) == 8
    assert at_once.count("{") == at_once.count("}")
