"""Proofs about the RTL: for all inputs and for all time, unless a number of cycles is named.

Those of the float units name their latency, the cycle in which an assertion sees the result, and
one more: as their registers keep nothing longer than that, what holds then holds always.
"""

import pytest

from tests.formal.proof import Proof, prove, reach

pytestmark = pytest.mark.slow

ENGINE = "heepstor:ip:engine"
MEMORY = "heepstor:ip:memory"
INTERCONNECT = "heepstor:ip:interconnect"
FLOAT = "heepstor:ip:float"

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
    "obi_crossbar": Proof("obi_crossbar", INTERCONNECT),
    "obi_crossbar-registered": Proof("obi_crossbar", INTERCONNECT, {"Registered": 1}),
    "fp32_normalize-28": Proof("fp32_normalize", FLOAT, {"Width": 28}, cycles=4),
    "fp32_normalize-40": Proof("fp32_normalize", FLOAT, {"Width": 40}, cycles=4),
    "fp32_normalize-80": Proof("fp32_normalize", FLOAT, {"Width": 80, "Margin": 32}, cycles=4),
    "fp32_add": Proof("fp32_add", FLOAT, cycles=6, is_nightly=True),
    "fp32_mul": Proof("fp32_mul", FLOAT, cycles=5),
}


BY_NAME = [
    pytest.param(proof, marks=pytest.mark.nightly if proof.is_nightly else (), id=name)
    for name, proof in PROOFS.items()
]


@pytest.mark.parametrize("proof", BY_NAME)
def test_proof(proof, tmp_path):
    prove(proof, tmp_path)


@pytest.mark.parametrize("proof", BY_NAME)
def test_proof_is_about_something(proof, tmp_path):
    """What the harness covers happens, so its assumptions can be met."""
    reach(proof, tmp_path)
