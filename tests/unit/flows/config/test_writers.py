"""What other languages and tools read of a configuration."""

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from flows import config
from tests.support.configurations import DEFAULT


# Machines under load miss any deadline.
@settings(deadline=None)
@given(
    banks=st.sampled_from([4, 8, 16, 32]),
    bank_kib=st.integers(1, 16).map(lambda n: 4 * n),
    size=st.sampled_from([4, 8, 12, 16, 20, 24, 28, 32]),
    port=st.sampled_from([1, 2, 4]),
    int8=st.booleans(),
    baud=st.sampled_from([115200, 1_000_000, 2_000_000, 10_000_000]),
)
def test_allowed_values_round_trip_through_json(
    tmp_path_factory, banks, bank_kib, size, port, int8, baud
):
    values = copy.deepcopy(DEFAULT)
    values["memory"] = {"banks": banks, "bank_kib": bank_kib}
    values["engine"] |= {"array_size": size, "port_words": port, "int8": int8}
    values["uart"]["baud"] = baud
    made = config.from_dict(values)
    path = tmp_path_factory.mktemp("json") / "config.json"
    config.write_json(made, path)
    written = json.loads(path.read_text())
    assert written.pop("hash") == made.hash
    written["arena_kib"] = "auto"
    assert config.from_dict(written) == made


def test_generated_files_hold_the_values(tmp_path):
    made = config.load()
    config.write_sv_package(made, tmp_path / "pkg.sv")
    config.write_cpp_header(made, tmp_path / "config.hpp")
    config.write_linker_script(made, tmp_path / "link.ld")
    package = (tmp_path / "pkg.sv").read_text()
    header = (tmp_path / "config.hpp").read_text()
    script = (tmp_path / "link.ld").read_text()
    assert "localparam int unsigned ArraySize = 8;" in package
    assert "localparam logic [31:0] MemoryBase = 32'h80000000;" in package
    assert "localparam bit Int8 = 1'b1;" in package
    assert "constexpr bool kInt8 = true;" in header
    assert f"kConfigHash = 0x{made.hash}u;" in header
    assert "kStackBytes = 8192u;" in header
    assert "StackBytes" not in package, "software alone depends on it"
    assert "__stack_size = 0x2000;" in script
    assert "ORIGIN = 0x80000000, LENGTH = 0x100000" in script
    assert "${" not in script
