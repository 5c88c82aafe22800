// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The largest of the sums of a max-pool window, channel by channel; the first of equal ones, NaN if any
/// is NaN. The result stands a cycle after the window's last sum, until another sum comes.
module window_maximum #(
  parameter int unsigned ArraySize = 8
) (
  input  logic                       clk_i,
  input  logic                       valid_i,
  input  logic                       first_i,
  input  logic [ArraySize-1:0][31:0] sum_i,
  output logic [ArraySize-1:0][31:0] maximum_o
);
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      for (int unsigned i = 0; i < ArraySize; i++) begin
        if (first_i || fp32_pkg::is_new_maximum(sum_i[i], maximum_o[i])) maximum_o[i] <= sum_i[i];
      end
    end
  end
endmodule
