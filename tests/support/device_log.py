"""What a firmware prints of two inferences, and the layers of its model."""

from __future__ import annotations

LOG = """HEEPstor
# input 0 cycles 7100
# layer 0 6000 5000 100 200 300 150 250 40
# layer 1 6500 5400 120 200 350 170 260 45
# cpu 2 310
# output 0 3f800000 80000000
predicted: 0
# input 1 cycles 7200
# output 1 00000001 7fc00000
# stack 512
# done 0
""".splitlines()

MODEL = {
    "inferences": 2,
    "contract": "fp32",
    "elements": {"input": "fp32", "output": "fp32"},
    "batch": 1,
    "outputs": [2],
    "layers": [
        {"index": 0, "chain": 0, "array_cycles": 5000},
        {"index": 1, "chain": 0, "array_cycles": 400},
        {"index": 2, "chain": None},
        {"index": 3, "chain": 3, "array_cycles": 10},
    ],
}
