// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// One channel of the store path of INT8 jobs: an INT32 sum becomes INT8, the largest of a window is
/// kept, an operand is added, and a table applied.
///
/// A window's sums come in any cycles, the first with `first_i`; the result follows its last one. The
/// operand comes 8 cycles after that. Parameters come as requantizer tells. A channel that is not
/// `exists_i`, which comes with the last sum, is zero.
///
/// Latency: 15 cycles, one sum per cycle.
module integer_lane
  import engine_pkg::*;
(
  input  logic               clk_i,
  input  store_command_t     command_i,
  input  logic [3:0][31:0]   line_i,  // for the sum, see integer_sum
  input  logic               valid_i,
  input  logic               first_i,
  input  logic               exists_i,
  input  logic signed [31:0] sum_i,
  input  logic signed [31:0] bias_i,
  input  logic [31:0]        multiplier_i,
  input  logic [31:0]        offset_i,
  input  logic signed [ 7:0] operand_i,
  output logic [7:0]         value_o,
  // The table
  input  logic               table_write_i,
  input  logic [4:0]         table_entry_i,
  input  logic [7:0][7:0]    table_bytes_i
);
  localparam int unsigned RequantizeLatency = 7;
  localparam int unsigned Latency           = RequantizeLatency + 1 + 6 + 1;

  logic signed [7:0]             zero_point;
  logic signed [7:0]             low;
  logic signed [7:0]             high;
  logic signed [7:0]             requantized;
  logic signed [7:0]             largest_q;
  logic        [7:0]             summed;
  logic        [7:0]             looked_up;
  logic [RequantizeLatency-1:0]  valid_q;
  logic [RequantizeLatency-1:0]  first_q;
  logic [Latency-1:0]            exists_q;

  // What is added to something else has a zero point and bounds of its own before that.
  assign zero_point = command_i.residual ? line_i[3][7:0] : command_i.zero_point;
  assign low        = command_i.residual ? line_i[3][23:16] : command_i.integer_low;
  assign high       = command_i.residual ? line_i[3][31:24] : command_i.integer_high;

  requantizer u_requantizer (
    .clk_i,
    .sum_i,
    .bias_i,
    .multiplier_i,
    .offset_i,
    .ties_even_i (command_i.ties_even),
    .zero_point_i(zero_point),
    .low_i       (low),
    .high_i      (high),
    .value_o     (requantized)
  );

  always_ff @(posedge clk_i) begin
    valid_q  <= {valid_q[RequantizeLatency-2:0], valid_i};
    first_q  <= {first_q[RequantizeLatency-2:0], first_i};
    exists_q <= {exists_q[Latency-2:0], exists_i};
    if (valid_q[RequantizeLatency-1] && (first_q[RequantizeLatency-1] || requantized > largest_q))
      largest_q <= requantized;
  end

  integer_sum u_sum (
    .clk_i,
    .adds_i      (command_i.residual),
    .line_i,
    .value_i     (largest_q),
    .operand_i,
    .zero_point_i(command_i.zero_point),
    .low_i       (command_i.integer_low),
    .high_i      (command_i.integer_high),
    .sum_o       (summed)
  );

  byte_table u_table (
    .clk_i,
    .write_i(table_write_i),
    .entry_i(table_entry_i),
    .bytes_i(table_bytes_i),
    .apply_i(command_i.apply_table),
    .byte_i (summed),
    .byte_o (looked_up)
  );

  assign value_o = exists_q[Latency-1] ? looked_up : '0;
endmodule
