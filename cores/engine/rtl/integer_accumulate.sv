// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Adds a product to the sum that an accumulator holds, modulo 2^32, or keeps the larger one of two
/// bytes. The first of an accumulator's products is taken as it is.
///
/// `held_i` comes in the cycle of `enable_i`, with the product. Latency: 1 cycle.
module integer_accumulate #(
  parameter int unsigned ProductWidth = 20
) (
  input  logic                           clk_i,
  input  logic                           enable_i,
  input  logic                           first_i,
  input  logic                           maximum_i,
  input  logic signed [            31:0] held_i,
  input  logic signed [ProductWidth-1:0] product_i,
  output logic signed [            31:0] sum_o
);
  logic                           larger;  // the product, of two bytes
  logic signed [            31:0] held_q;
  logic signed [ProductWidth-1:0] product_q;

  assign larger = $signed(product_i[7:0]) > $signed(held_i[7:0]);

  // The sum of two numbers of which one may be zero.
  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      held_q    <= (first_i || (maximum_i && larger)) ? '0 : held_i;
      product_q <= (!first_i && maximum_i && !larger) ? '0 : product_i;
    end
  end

  assign sum_o = held_q + 32'(product_q);
endmodule
