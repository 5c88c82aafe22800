// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Proof of fp32_normalize: it equals a specification that shifts by one place at a time and rounds
/// the magnitude, for all inputs that its users can give it.
///
/// Its stages always advance. The specification works on the inputs of two cycles before.
module fp32_normalize_proof #(
  parameter int unsigned Width  = 28,
  parameter int unsigned Margin = 0
) (
  input logic             clk_i,
  input logic             sign_i,
  input logic             cancelled_i,
  input logic             negative_i,
  input logic [Width-1:0] number_i,
  input logic [8:0]       room_i,
  input logic             infinity_i,
  input logic             nan_i
);
  typedef struct packed {
    logic             sign;
    logic             cancelled;
    logic             negative;
    logic [Width-1:0] number;
    logic [8:0]       room;
    logic             infinity;
    logic             nan;
  } inputs_t;

  logic [31:0] result;

  fp32_normalize #(
    .Width (Width),
    .Margin(Margin)
  ) dut (
    .clk_i,
    .enable_i('1),
    .sign_i,
    .cancelled_i,
    .negative_i,
    .number_i,
    .room_i,
    .infinity_i,
    .nan_i,
    .result_o(result)
  );

  /// The result, from the magnitude: shifted to the left until its top bit is one or its exponent
  /// is the smallest, and rounded to nearest even.
  function automatic logic [31:0] specified(inputs_t inputs);
    logic [Width-1:0] magnitude;
    logic [8:0]       exponent;  // that of the top bit, less one
    logic [24:0]      rounded;
    logic             sign;

    magnitude = inputs.negative ? -inputs.number : inputs.number;
    exponent  = inputs.room;
    for (int unsigned i = 0; i < Width; i++) begin
      if (!magnitude[Width-1] && exponent != 0) begin
        magnitude = magnitude << 1;
        exponent  = exponent - 1'b1;
      end
    end
    rounded = {1'b0, magnitude[Width-1-:24]};
    if (magnitude[Width-25]
        && (magnitude[Width-26:0] != '0 || magnitude[Width-24])) rounded = rounded + 1'b1;
    if (rounded[24]) begin
      rounded  = rounded >> 1;
      exponent = exponent + 1'b1;
    end
    sign = inputs.sign && !(inputs.cancelled && inputs.number == '0);
    if (inputs.nan) return 32'h7fc0_0000;
    if (inputs.infinity || (rounded[23] && exponent >= 9'd254)) return {sign, 31'h7f80_0000};
    return {sign, rounded[23] ? 8'(exponent + 1'b1) : 8'd0, rounded[22:0]};
  endfunction

  inputs_t inputs_q, inputs_qq;
  logic    has_inputs_q = 1'b0;
  logic    has_inputs_qq = 1'b0;

  always_ff @(posedge clk_i) begin
    inputs_q <= '{
        sign: sign_i,
        cancelled: cancelled_i,
        negative: negative_i,
        number: number_i,
        room: room_i,
        infinity: infinity_i,
        nan: nan_i
    };
    inputs_qq     <= inputs_q;
    has_inputs_q  <= 1'b1;
    has_inputs_qq <= has_inputs_q;
  end

  always_ff @(posedge clk_i) begin
    exponent_is_not_the_largest : assume (room_i != '1);
    top_bits_are_zero : assume (Margin == 0 || number_i[Width-1-:(Margin > 0 ? Margin : 1)] == '0);
    negative_is_not_zero : assume (!negative_i || number_i != '0);
    nothing_is_negative_with_a_margin : assume (Margin == 0 || !negative_i);

    if (has_inputs_qq) begin
      equals_the_specification : assert (result == specified(inputs_qq));

      rounded_up_to_the_smallest_normal :
      cover (result == 32'h0080_0000 && inputs_qq.number[24] && inputs_qq.number[0]);
    end
  end
endmodule
