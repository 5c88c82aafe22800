// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// One multiply-accumulate cell: a 27 x 8 bit product added to the partial sum from the row above.
///
/// The weight is double-buffered: `shadow_write_i` loads the shadow register while the active
/// weight is in use, `swap_i` makes it active for activations from the next cycle on. Fits one
/// DSP48E2 (its ports have 27 x 18 bits and 48 bits).
module processing_element (
  input  logic               clk_i,
  input  logic               enable_i,
  input  logic               shadow_write_i,
  input  logic               swap_i,
  input  logic signed [ 7:0] weight_i,
  input  logic signed [26:0] activation_i,
  input  logic signed [39:0] sum_i,
  output logic signed [39:0] sum_o
);
  logic signed [ 7:0] shadow_q;
  logic signed [ 7:0] weight_q;
  logic signed [34:0] product;

  assign product = activation_i * weight_q;

  always_ff @(posedge clk_i) begin
    if (shadow_write_i) shadow_q <= weight_i;
    if (swap_i) weight_q <= shadow_q;
    if (enable_i) sum_o <= sum_i + 40'(product);
  end
endmodule
