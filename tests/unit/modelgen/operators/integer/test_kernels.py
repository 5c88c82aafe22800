"""What kernels of integers are given."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding
from modelgen.arithmetic.integer.shift_form import ShiftForm
from modelgen.operators.integer.kernels import (
    cycles_of_lanes,
    element_wise,
    factors_of,
    filled_up,
    in_lanes,
    output_text,
    pooling,
    taps_inside,
    window_texts,
)
from modelgen.operators.window import Window

LOW, HIGH = np.full(3, -5000), np.full(3, 4000)


def test_weights_of_four_outputs_follow_one_another() -> None:
    weight = np.arange(10).reshape(5, 2)
    assert in_lanes(weight).reshape(-1).tolist() == [
        *(0, 2, 4, 6, 1, 3, 5, 7),
        *(8, 0, 0, 0, 9, 0, 0, 0),
    ]
    assert filled_up(np.array([1, 2, 3])).tolist() == [1, 2, 3, 0]


def test_factors_of_each_rule() -> None:
    scales = np.array([0.01, 0.02, 0.01])
    for rule in Rounding:
        requantization = Requantization(rule, 3)
        data = factors_of(requantization, rule.constants(scales), LOW, HIGH)
        assert data is not None and len(data.values) == 3
        is_single = rule is Rounding.HALF_EVEN
        assert data.element.endswith("SingleFactor" if is_single else "ShiftForm")
        assert data.values[0] == data.values[2] != data.values[1]


def test_one_factor_is_that_of_all_channels() -> None:
    rule = Rounding.DOUBLE
    data = factors_of(Requantization(rule, 0), rule.constants(np.array([0.01])), LOW, HIGH)
    assert data is not None and len(data.values) == 3


def test_sums_that_overflow_have_no_factors() -> None:
    rule = Rounding.DOUBLE
    constants = rule.constants(np.array([4.0] * 3))
    assert factors_of(Requantization(rule, 0), constants, LOW, HIGH) is not None
    assert (
        factors_of(Requantization(rule, 0), constants, LOW, HIGH + np.array([0, 0, 2**29])) is None
    )


def test_channels_share_a_form_that_suits_all_of_their_sums() -> None:
    rule, factor = Rounding.HALF_AWAY, 0.00371
    largest = np.array([30, 30_000, 30])
    constants = rule.constants(np.full(3, factor))
    data = factors_of(Requantization(rule, 0), constants, np.full(3, -30), largest)
    assert data is not None
    sums = np.arange(-30, 30_001)
    wanted = rule.round(sums[:, None], constants)[:, 1]
    for row in data.values.tolist():
        positive, negative, multiplier, shift = row
        form = ShiftForm(multiplier, shift, positive, negative)
        np.testing.assert_array_equal(form.of(sums).clip(-128, 127), wanted.clip(-128, 127))


def test_arguments() -> None:
    assert output_text(-3, Clamp(-100, 90)) == "heepstor::int8::Output{-3, -100, 90}"
    window = Window((3, 2), (2, 1), (1, 0, 2, 0), (1, 3))
    assert window_texts(window, (1, 8, 9, 4)) == ("{8, 4, 3, 2, 1, 1}", "{9, 8, 2, 1, 3, 2}")


def test_a_pooling_takes_longer_with_more_results() -> None:
    small, large = (
        pooling(
            "Largest",
            Window((2, 2), (2, 2)),
            Clamp(),
            (1, 8, 8, channels),
            of_result=10.0,
            of_lane=2.0,
        )
        for channels in (4, 8)
    )
    assert small.function == "int8::pool<heepstor::int8::Largest>"
    assert 1.6 < large.cycles / small.cycles < 2.0


def test_the_longest_loop_is_the_innermost() -> None:
    kernel = element_wise("add", [(1, 9, 3), (3,)], (), (), 40.0)
    assert kernel.function == "int8::add<3, 0, 3>"
    assert kernel.arguments == ("9",) and kernel.table is not None
    assert kernel.table.rows == ("{3, 1, 1, 1}",)


def test_taps_of_padding_do_not_count() -> None:
    assert taps_inside(Window((3, 3), padding=(1, 1, 0, 0)), (1, 4, 5, 1)) == (2 + 3 + 3 + 2, 9)
    assert taps_inside(Window((2, 2), (2, 3), (1, 0, 0, 1), (3, 1)), (1, 6, 5, 1)) == (3, 4)
    few, many = (
        cycles_of_lanes(
            Window((3, 3), padding=(pad,) * 4), (1, 8 - 2 * pad, 8 - 2 * pad, 4), 4, 9.0, 5.0
        )
        for pad in (1, 0)
    )
    assert few < many
