// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// What an accumulator holds with an INT8 product: their sum, modulo 2^32; of a maximum what it held, or
/// so much more that its low byte becomes the product. The first product of an accumulator is taken as
/// it is.
///
/// Of a maximum's product but the first one, the bits above the byte must be zero.
module integer_accumulate #(
  parameter int unsigned ProductWidth = 20
) (
  input  logic                           first_i,
  input  logic                           maximum_i,
  input  logic signed [            31:0] held_i,
  input  logic signed [ProductWidth-1:0] product_i,
  output logic signed [            31:0] sum_o
);
  logic signed [             8:0] difference;
  logic signed [ProductWidth-1:0] added;

  assign difference = 9'($signed(product_i[7:0])) - 9'($signed(held_i[7:0]));

  always_comb begin
    added = product_i;
    if (maximum_i && !first_i) added[7:0] = difference[8] ? '0 : difference[7:0];
  end

  assign sum_o = 32'(added) + $signed(held_i & ~{32{first_i}});
endmodule
