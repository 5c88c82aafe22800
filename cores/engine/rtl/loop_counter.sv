// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Tells the last turn of a loop, from a register. A step begins the loop, with `begin_i`, or goes on
/// to its next turn.
(* flatten *)
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

  // Where the loop begins is known late.
  always_ff @(posedge clk_i) begin
    if (step_i) begin
      left_q <= begin_i ? turns_i - 1'b1 : left_q - 1'b1;
      last_o <= begin_i ? turns_i == Width'(1) : left_q == Width'(1);
    end
  end
endmodule
