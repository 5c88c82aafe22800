// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Packs two INT8 activations of a lane into one operand of the array: second * 2^18 + first.
///
/// A multiplication by a weight then gives both products. Lanes that are not valid are zero, and so
/// are all second activations without `pairs_i`.
///
/// Latency: that of float_align, 2 cycles, one slice per cycle.
module integer_operands #(
  parameter int unsigned ArraySize = 8
) (
  input  logic                       clk_i,
  input  logic                       pairs_i,
  input  logic [ArraySize-1:0]       lane_valid_i,
  input  logic [ArraySize-1:0][7:0]  first_i,
  input  logic [ArraySize-1:0][7:0]  second_i,
  output logic [ArraySize-1:0][26:0] value_o
);
  localparam int unsigned Shift = 18;

  logic [1:0][ArraySize-1:0][7:0] first_q;
  logic [1:0][ArraySize-1:0][7:0] second_q;

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < ArraySize; i++) begin
      first_q[0][i]  <= lane_valid_i[i] ? first_i[i] : '0;
      second_q[0][i] <= (lane_valid_i[i] && pairs_i) ? second_i[i] : '0;
    end
    first_q[1]  <= first_q[0];
    second_q[1] <= second_q[0];
  end

  // The sign of the first one goes through all bits of the second one.
  for (genvar i = 0; i < ArraySize; i++) begin : gen_lane
    logic [7:0] first;
    logic [8:0] second;

    assign first      = first_q[1][i];
    assign second     = {second_q[1][i][7], second_q[1][i]} - 9'(first[7]);
    assign value_o[i] = {second, {(Shift - 8) {first[7]}}, first};
  end
endmodule
