// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Tells the last turn of a loop, from a register. A step begins the loop, with `begin_i`, or goes on
/// to its next turn.
module loop_counter #(
  parameter int unsigned Width = 16
) (
  input  logic             clk_i,
  input  logic             step_i,
  input  logic             begin_i,
  input  logic [Width-1:0] turns_i,
  output logic             last_o
);
  logic [Width-1:0] left_q;  // turns still to come, without this one
  logic [Width-1:0] left;

  assign left = begin_i ? turns_i : left_q;

  always_ff @(posedge clk_i) begin
    if (step_i) begin
      left_q <= left - 1'b1;
      last_o <= left == Width'(1);
    end
  end
endmodule
