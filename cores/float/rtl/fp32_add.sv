// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// FP32 addition, IEEE 754 round to nearest even with subnormals; every NaN result is 0x7fc00000.
/// With `alone_i` the sum is `a_i`, but for NaNs: -0 is added to it, which leaves every number as it
/// is, also -0.
///
/// Latency: 4 cycles, one sum per cycle. A stage advances while its bit of `enable_i` is high, and
/// otherwise keeps its contents.
module fp32_add
  import fp32_pkg::*;
(
  input  logic        clk_i,
  input  logic [3:0]  enable_i,
  input  logic        alone_i,
  input  logic [31:0] a_i,
  input  logic [31:0] b_i,
  output logic [31:0] sum_o
);
  // The operand with the larger exponent, and how far the other one lies below it.
  typedef struct packed {
    logic        sign;
    logic        subtract;
    logic        infinity;
    logic        nan;
    logic [7:0]  exponent;
    logic [23:0] larger;
    logic [23:0] smaller;
    logic [4:0]  distance;
  } operands_t;

  /// Stage 1.
  function automatic operands_t sorted(logic [31:0] a, logic [31:0] b);
    logic [7:0] distance;
    logic b_is_larger;  // by its field of the exponent
    logic [7:0] a_below, b_below;  // by how many places, if the other one is the larger
    logic one_less;  // a field of 0 means an exponent of 1
    logic [31:0] larger;
    logic [30:0] smaller;
    logic a_special, b_special;

    // Which of two subnormals is called the larger one does not matter, nor with the smallest normal
    // ones.
    one_less    = (a[30:23] == 8'd0) != (b[30:23] == 8'd0);
    b_is_larger = b[30:23] > a[30:23];
    // With a bit more, so that a borrow subtracts it.
    a_below     = 8'(({b[30:23], 1'b0} - {a[30:23], one_less}) >> 1);
    b_below     = 8'(({a[30:23], 1'b0} - {b[30:23], one_less}) >> 1);
    distance    = b_is_larger ? a_below : b_below;
    larger      = b_is_larger ? b : a;
    smaller     = b_is_larger ? a[30:0] : b[30:0];
    a_special   = a[30:23] == 8'hff;
    b_special   = b[30:23] == 8'hff;
    return '{
      sign: larger[31],
      subtract: a[31] ^ b[31],
      infinity: a_special || b_special,
      nan: (a_special && a[22:0] != '0) || (b_special && b[22:0] != '0)
          || (a_special && b_special && (a[31] ^ b[31])),
      exponent: exponent_of(larger[30:23]),
      larger: significand_of(larger[30:0]),
      smaller: significand_of(smaller),
      distance: places(distance)
    };
  endfunction

  operands_t operands_q;

  // Stage 2: shift, then add or subtract. Three extra bits (guard, round, sticky) are enough: a
  // shift of two places or more cannot cancel more than one bit. The difference of two numbers with
  // the same exponent may be negative.
  logic [26:0] smaller;
  logic        sticky;
  logic [27:0] total;
  logic [27:0] total_q;
  logic        negative;
  logic        unused;  // takes in the carry
  logic        sign_q, subtract_q, negative_q, infinity_q, nan_q;
  logic [8:0]  room_q;

  always_comb begin
    {smaller, sticky} = shifted_right(operands_q.smaller, operands_q.distance);
    smaller[0] |= sticky;
  end

  assign {negative, total, unused} = {2'b00, operands_q.larger, 3'b000, 1'b1}
      + {{2{operands_q.subtract}}, smaller ^ {27{operands_q.subtract}}, operands_q.subtract};

  always_ff @(posedge clk_i) begin
    if (enable_i[0]) operands_q <= sorted(a_i, alone_i ? NegativeZero : b_i);
    if (enable_i[1]) begin
      sign_q     <= operands_q.sign ^ negative;
      subtract_q <= operands_q.subtract;
      negative_q <= negative;
      total_q    <= total;
      // The sum may have a digit more than the operands.
      room_q     <= 9'(operands_q.exponent);
      infinity_q <= operands_q.infinity;
      nan_q      <= operands_q.nan;
    end
  end

  // Stages 3 and 4. Exact cancellation gives +0.
  fp32_normalize #(
    .Width(28)
  ) u_normalize (
    .clk_i,
    .enable_i   (enable_i[3:2]),
    .sign_i     (sign_q),
    .cancelled_i(subtract_q),
    .negative_i (negative_q),
    .number_i   (total_q),
    .room_i     (room_q),
    .infinity_i (infinity_q),
    .nan_i      (nan_q),
    .result_o   (sum_o)
  );
endmodule
