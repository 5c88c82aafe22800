// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// One channel of the store path of INT8 jobs: an INT32 sum becomes INT8, the largest of a window
/// is kept, an operand is added to it if `adds_i`, and a table applied.
///
/// `valid_i` and `first_i` come with the requantised number, 4 cycles after the sum: it is one of a
/// window, or the first of one. The largest one is there a cycle later; it is then a summand, if
/// there is an addition. The result comes 6 cycles after the sum or, of an addition, 9; `exists_i`
/// comes with it. With `passes_i` it is `passed_i`.
module integer_lane (
  input  logic               clk_i,
  // To be requantised or added, and how: see requantizer
  input  logic        [31:0] sum_i,
  input  logic               no_sum_i,
  input  logic        [31:0] bias_i,
  input  logic        [31:0] multiplier_i,
  input  logic        [31:0] offset_i,
  input  logic               addition_i,
  input  logic signed [ 7:0] operand_i,
  input  logic signed [ 7:0] operand_zero_i,
  input  logic               ties_even_i,
  input  logic signed [ 7:0] zero_point_i,
  input  logic signed [ 8:0] low_i,
  input  logic signed [ 8:0] high_i,
  // The window
  input  logic               valid_i,
  input  logic               first_i,
  // The result
  input  logic               adds_i,
  input  logic               apply_table_i,
  input  logic               exists_i,
  input  logic               passes_i,
  input  logic [7:0]         passed_i,
  output logic [7:0]         value_o,
  // The table
  input  logic               table_write_i,
  input  logic [4:0]         table_entry_i,
  input  logic [7:0][7:0]    table_bytes_i
);
  logic signed [8:0] requantized;
  logic signed [8:0] largest_q;

  requantizer u_requantizer (
    .clk_i,
    .sum_i,
    .no_sum_i,
    .bias_i,
    .multiplier_i,
    .offset_i,
    .addition_i,
    .value_i  (largest_q),
    .operand_i(9'(operand_i) - 9'(operand_zero_i)),
    .ties_even_i,
    .zero_point_i,
    .low_i,
    .high_i,
    .value_o  (requantized)
  );

  always_ff @(posedge clk_i) begin
    if (valid_i && (first_i || requantized > largest_q)) largest_q <= requantized;
  end

  byte_table u_table (
    .clk_i,
    .write_i (table_write_i),
    .entry_i (table_entry_i),
    .bytes_i (table_bytes_i),
    .byte_i  (adds_i ? requantized[7:0] : largest_q[7:0]),
    .apply_i (apply_table_i),
    .exists_i,
    .passes_i,
    .passed_i,
    .byte_o  (value_o)
  );
endmodule
