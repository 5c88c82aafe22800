"""The contract as a SystemVerilog package."""

from __future__ import annotations

from flows.contract import systemverilog
from tests.support.small_contract import CONTRACT

EXPECTED = """\
package some_pkg;
  /// At most.
  localparam int unsigned MostCrossings = 3;

  /// Why.
  typedef enum logic [7:0] {
    // No error.
    ErrorNone = 8'd0,
    // A word is bad.
    ErrorBadWord = 8'd2
  } error_e;

  typedef struct packed {
    logic [31:0] slope;
    logic [7:0] depth;
    logic [7:0] height;
    logic [15:0] width;
    logic [20:0] reserved_control;
    logic [1:0] wait;
    logic [0:0] flag;
    logic [7:0] kind;
  } descriptor_t;

endpackage
"""


def test_the_last_words_highest_field_comes_first() -> None:
    text = systemverilog.package(CONTRACT, "some_pkg")
    assert text[text.index("package") :] == EXPECTED
