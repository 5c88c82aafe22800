"""Error of the array's arithmetic relative to float64, compared with sequential FP32."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic import fp32

ROWS, COLUMNS = 64, 32
DEPTHS = (72, 784)
SIZES = (8, 16)


def _data(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    if kind == "normal":
        values = rng.standard_normal(shape)
    elif kind == "ReLU":
        values = np.maximum(rng.standard_normal(shape), 0)
    elif kind == "image":
        values = (rng.integers(0, 256, shape) / 255 - 0.1307) / 0.3081
    else:
        values = np.exp(2 * rng.standard_normal(shape))
    return values.astype(np.float32)


def sequential(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return FP32 products accumulated one by one in an FP32 sum, rounded at each step."""
    total = np.zeros((values.shape[0], weights.shape[1]), np.float32)
    for k in range(values.shape[1]):
        total = total + values[:, k, None] * weights[None, k].astype(np.float32)
    return total


def rows() -> list[dict]:
    """Return root-mean-square errors relative to the root mean square of the exact results."""
    found = []
    for kind in ("normal", "ReLU", "image", "log-normal"):
        for depth in DEPTHS:
            rng = np.random.default_rng(depth)
            values = _data(rng, kind, (ROWS, depth))
            weights = rng.integers(-127, 128, (depth, COLUMNS)).astype(np.int8)
            exact = values.astype(np.float64) @ weights.astype(np.float64)
            norm = np.sqrt(np.mean(exact**2))

            def error(result: np.ndarray, exact=exact, norm=norm) -> float:
                return float(np.sqrt(np.mean((result - exact) ** 2)) / norm)

            row = {"data": kind, "depth": depth, "fp32": error(sequential(values, weights))}
            for size in SIZES:
                row[f"array_{size}"] = error(fp32.matmul(values, weights, fp32.every(size, depth)))
            found.append(row)
    return found
