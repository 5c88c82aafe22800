// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// One channel of the store path of INT8 jobs: an INT32 sum becomes INT8, the largest of a window is
/// kept, an operand is added, and a table applied.
///
/// `valid_i` and `first_i` come with the requantised number, 6 cycles after the sum: it is one of a
/// window, or the first of one. The result follows the last one; the operand comes 7 cycles after the
/// sum, and `exists_i` 12. Parameters come as requantizer tells.
///
/// Latency: 16 cycles, one sum per cycle.
module integer_lane
  import engine_pkg::*;
(
  input  logic               clk_i,
  input  store_command_t     command_i,
  input  logic [3:0][31:0]   line_i,  // for the sum, see integer_sum
  input  logic signed [ 7:0] zero_point_i,  // of what is requantised, and its bounds
  input  logic signed [ 7:0] low_i,
  input  logic signed [ 7:0] high_i,
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
  // To the latency of FP32 lanes.
  localparam int unsigned Spare = 3;

  logic signed [7:0]      requantized;
  logic signed [7:0]      largest_q;
  logic        [7:0]      summed;
  logic        [7:0]      looked_up;
  logic [Spare-1:0][7:0]  value_q;

  requantizer u_requantizer (
    .clk_i,
    .sum_i,
    .bias_i,
    .multiplier_i,
    .offset_i,
    .ties_even_i(command_i.ties_even),
    .zero_point_i,
    .low_i,
    .high_i,
    .value_o    (requantized)
  );

  always_ff @(posedge clk_i) begin
    if (valid_i && (first_i || requantized > largest_q)) largest_q <= requantized;
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
    .write_i (table_write_i),
    .entry_i (table_entry_i),
    .bytes_i (table_bytes_i),
    .apply_i (command_i.apply_table),
    .exists_i,
    .byte_i  (summed),
    .byte_o  (looked_up)
  );

  always_ff @(posedge clk_i) value_q <= {value_q[Spare-2:0], looked_up};

  assign value_o = value_q[Spare-1];
endmodule
