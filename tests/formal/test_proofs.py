"""Proofs about the RTL: they hold for all inputs and for all time, unless they name a bound."""

import pytest

from tests.formal.proof import Proof, prove, reach

pytestmark = pytest.mark.slow

ENGINE = "heepstor:ip:engine"
MEMORY = "heepstor:ip:memory"
INTERCONNECT = "heepstor:ip:interconnect"

PROOFS = {
    "ram_fifo": Proof("ram_fifo", ENGINE),
    "ram_fifo-8": Proof("ram_fifo", ENGINE, {"Depth": 8}),
    "head_fifo": Proof("head_fifo", ENGINE),
    "head_fifo-2": Proof("head_fifo", ENGINE, {"Depth": 2}),
    "memory_arbiter": Proof("memory_arbiter", MEMORY),
    "port_arbiter": Proof("port_arbiter", ENGINE),
    "obi_demux": Proof("obi_demux", INTERCONNECT),
    "obi_mux": Proof("obi_mux", INTERCONNECT),
    "obi_register": Proof("obi_register", INTERCONNECT),
}


@pytest.mark.parametrize("name", PROOFS)
def test_proof(name, tmp_path):
    prove(PROOFS[name], tmp_path)


@pytest.mark.parametrize("name", PROOFS)
def test_proof_is_about_something(name, tmp_path):
    """What the harness covers happens, so its assumptions can be met."""
    reach(PROOFS[name], tmp_path)
