"""Counting what a netlist takes of the device."""

from flows import utilization

STATISTICS = {
    "modules": {
        "\\leaf$top.a": {"num_cells_by_type": {"LUT2": 3, "FDRE": 2}},
        "\\leaf$top.b": {"num_cells_by_type": {"LUT6": 5, "RAMB18E2": 1}},
        "\\top": {
            "num_cells_by_type": {
                "\\leaf$top.a": 2,
                "\\leaf$top.b": 1,
                "INV": 1,
                "DSP48E2": 4,
                "RAM32M16": 1,
                "URAM288": 2,
                "CARRY4": 9,
            }
        },
    }
}


def test_count_knows_each_kind_of_primitive():
    cells = {"LUT1": 1, "LUT6": 2, "INV": 3, "SRL16E": 4, "RAM64M8": 1, "FDSE": 5, "LDCE": 1}
    cells |= {"DSP48E2": 6, "RAMB36E2": 1, "RAMB18E2": 1, "URAM288": 7, "BUFG": 8}
    counted = utilization.count(cells)
    assert (counted.lut, counted.lut_ram, counted.ff) == (6, 12, 6)
    assert (counted.dsp, counted.bram, counted.uram) == (6, 1.5, 7)


def test_summary_adds_up_what_modules_contain():
    summary = utilization.summarize(STATISTICS)
    assert list(summary) == ["top", "leaf"]
    assert summary["top"] == {
        "instances": 1,
        "lut": 2 * 3 + 5 + 1,
        "lut_ram": 8,
        "ff": 4,
        "dsp": 4,
        "bram": 0.5,
        "uram": 2,
    }


def test_instances_of_a_kind_are_one_row_with_the_largest_figures():
    leaf = utilization.summarize(STATISTICS)["leaf"]
    assert leaf["instances"] == 3
    assert (leaf["lut"], leaf["ff"], leaf["bram"]) == (5, 2, 0.5)
