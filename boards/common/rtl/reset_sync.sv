// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Reset synchroniser: asserts the reset at once, even without a clock, and releases it
/// synchronously.
module reset_sync #(
  /// Clock cycles from the end of the cause to the end of the reset, at least 2.
  parameter int unsigned Stages = 4
) (
  input  logic clk_i,
  /// Cause of the reset; asynchronous.
  input  logic reset_i,
  output logic rst_no
);
  // FPGA registers are 0 after configuration: the SoC starts in reset.
  (* ASYNC_REG = "TRUE" *)logic [Stages-1:0] released_q = '0;

  always_ff @(posedge clk_i or posedge reset_i) begin
    if (reset_i) released_q <= '0;
    else released_q <= {released_q[Stages-2:0], 1'b1};
  end

  assign rst_no = released_q[Stages-1];
endmodule
