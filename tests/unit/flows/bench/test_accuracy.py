"""The error of the array's arithmetic."""

from flows.bench import accuracy


def test_the_array_is_more_exact_than_sequential_fp32():
    for row in accuracy.rows():
        assert row["array_8"] < row["fp32"], row
        assert row["array_16"] < row["fp32"], row
