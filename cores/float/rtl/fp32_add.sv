// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// FP32 addition, IEEE 754 round to nearest even with subnormals; every NaN result is 0x7fc00000.
///
/// Latency: 4 cycles, one sum per cycle. A stage advances while its bit of `enable_i` is high, and
/// otherwise keeps its contents.
module fp32_add
  import fp32_pkg::*;
(
  input  logic        clk_i,
  input  logic [3:0]  enable_i,
  input  logic [31:0] a_i,
  input  logic [31:0] b_i,
  output logic [31:0] sum_o
);
  // The operands sorted by magnitude, the smaller one shifted to the larger one's exponent.
  typedef struct packed {
    logic        sign;
    logic        subtract;
    logic        infinity;
    logic        nan;
    logic [7:0]  exponent;
    logic [23:0] larger;
    logic [26:0] smaller;
  } operands_t;

  /// Stage 1. Three extra bits (guard, round, sticky) are enough: a shift of two places or more
  /// cannot cancel more than one bit.
  function automatic operands_t align(logic [31:0] a, logic [31:0] b);
    logic [31:0] larger, smaller;
    logic [7:0] distance;
    logic [26:0] significand, lost;

    larger      = (b[30:0] > a[30:0]) ? b : a;
    smaller     = (b[30:0] > a[30:0]) ? a : b;
    distance    = exponent_of(larger[30:23]) - exponent_of(smaller[30:23]);
    significand = {significand_of(smaller[30:0]), 3'b000};
    lost        = significand & ~(27'h7ffffff << distance);
    return '{
      sign: larger[31],
      subtract: larger[31] ^ smaller[31],
      infinity: larger[30:0] == 31'h7f800000,
      nan: is_nan(larger[30:0]) ||
           (smaller[30:0] == 31'h7f800000 && (larger[31] ^ smaller[31])),
      exponent: exponent_of(larger[30:23]),
      larger: significand_of(larger[30:0]),
      smaller: (significand >> distance) | 27'(|lost)
    };
  endfunction

  operands_t operands_q;

  // Stage 2: add or subtract. Exact cancellation gives +0.
  logic [27:0] total, total_q;
  logic sign_q, infinity_q, nan_q;
  logic signed [10:0] exponent_q;

  assign total = operands_q.subtract ? {1'b0, operands_q.larger, 3'b000} - {1'b0, operands_q.smaller}
                                     : {1'b0, operands_q.larger, 3'b000} + {1'b0, operands_q.smaller};

  always_ff @(posedge clk_i) begin
    if (enable_i[0]) operands_q <= align(a_i, b_i);
    if (enable_i[1]) begin
      sign_q     <= operands_q.sign & ~(operands_q.subtract && total == '0);
      total_q    <= total;
      exponent_q <= 11'(operands_q.exponent) + 11'sd1;
      infinity_q <= operands_q.infinity;
      nan_q      <= operands_q.nan;
    end
  end

  // Stages 3 and 4.
  fp32_normalize #(
    .Width(28)
  ) u_normalize (
    .clk_i,
    .enable_i   (enable_i[3:2]),
    .sign_i     (sign_q),
    .magnitude_i(total_q),
    .exponent_i (exponent_q),
    .infinity_i (infinity_q),
    .nan_i      (nan_q),
    .result_o   (sum_o)
  );
endmodule
