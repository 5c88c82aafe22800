// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// FP32 multiplication, IEEE 754 round to nearest even with subnormals; every NaN result is
/// 0x7fc00000.
///
/// Latency: 3 cycles, one product per cycle. A stage advances while its bit of `enable_i` is high,
/// and otherwise keeps its contents.
module fp32_mul
  import fp32_pkg::*;
(
  input  logic        clk_i,
  input  logic [2:0]  enable_i,
  input  logic [31:0] a_i,
  input  logic [31:0] b_i,
  output logic [31:0] product_o
);
  logic a_infinity, b_infinity;

  assign a_infinity = a_i[30:0] == 31'h7f800000;
  assign b_infinity = b_i[30:0] == 31'h7f800000;

  // Stage 1: the exact product of the significands. Its place leaves a margin to shift it to the
  // right, by which the exponent is larger too; if that is not enough, only the sticky bit remains.
  localparam int unsigned Margin = 32;

  logic sign_q, infinity_q, nan_q;
  logic [47:0] product_q;
  logic [9:0] room;
  logic [8:0] room_q;

  assign room = 10'(exponent_of(a_i[30:23])) + 10'(exponent_of(b_i[30:23])) + 10'(Margin - 127);

  always_ff @(posedge clk_i) begin
    if (enable_i[0]) begin
      sign_q     <= a_i[31] ^ b_i[31];
      product_q  <= 48'(significand_of(a_i[30:0])) * 48'(significand_of(b_i[30:0]));
      room_q     <= room[9] ? 9'd0 : room[8:0];
      infinity_q <= a_infinity || b_infinity;
      nan_q      <= is_nan(a_i[30:0]) || is_nan(b_i[30:0]) ||
                    (a_infinity && b_i[30:0] == '0) || (b_infinity && a_i[30:0] == '0);
    end
  end

  // Stages 2 and 3. One subnormal factor makes up to 24 zeros; of two, nothing but the sticky bit
  // remains.
  fp32_normalize #(
    .Width    (48 + Margin),
    .Margin   (Margin),
    .MostZeros(24)
  ) u_normalize (
    .clk_i,
    .enable_i   (enable_i[2:1]),
    .sign_i     (sign_q),
    .cancelled_i(1'b0),
    .negative_i (1'b0),
    .number_i   ({Margin'(0), product_q}),
    .room_i     (room_q),
    .infinity_i (infinity_q),
    .nan_i      (nan_q),
    .result_o   (product_o)
  );
endmodule
