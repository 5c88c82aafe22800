// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Model of Xilinx's clock buffer with a divider (UG974, UG572), as far as it is used here: always
/// enabled and never cleared. Where the divided clock begins is random, as nobody may rely on it.
module BUFGCE_DIV #(
  parameter int unsigned BUFGCE_DIVIDE = 1,
  parameter              SIM_DEVICE    = "ULTRASCALE"
) (
  input  logic I,
  input  logic CE,
  input  logic CLR,
  output logic O
);
  int unsigned count;
  logic        enable;
  logic        unused;

  initial count = $urandom_range(BUFGCE_DIVIDE - 1);

  assign unused = CE ^ CLR ^ (SIM_DEVICE == "");

  always_ff @(posedge I) count <= (count == BUFGCE_DIVIDE - 1) ? 0 : count + 1;

  always_latch begin
    if (!I) enable = count == BUFGCE_DIVIDE - 1;
  end

  assign O = I & enable;
endmodule
