"""Element types of float models."""

from __future__ import annotations

RUN_TIME = {"FLOAT32": "float32", "INT32": "int64", "INT64": "int64", "BOOL": "bool"}
"""Types that values which depend on the model's input can have -> what they are in PyTorch.
Integers are ids of embeddings and indices, for which 32 bits are as good."""
