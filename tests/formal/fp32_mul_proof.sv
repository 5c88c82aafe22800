// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Proof of fp32_mul: it equals a specification that rounds the product of the significands once,
/// for all pairs of numbers.
///
/// The product itself is the same `*` in both. Its stages always advance; the specification works
/// on the inputs of three cycles before.
module fp32_mul_proof (
  input logic        clk_i,
  input logic [31:0] a_i,
  input logic [31:0] b_i
);
  localparam int unsigned Latency = 3;

  logic [31:0] product;

  fp32_mul dut (
    .clk_i,
    .enable_i ('1),
    .a_i,
    .b_i,
    .product_o(product)
  );

  function automatic logic is_nan(logic [31:0] number);
    return number[30:23] == '1 && number[22:0] != '0;
  endfunction

  function automatic int exponent_of(logic [31:0] number);
    return (number[30:23] == '0) ? 1 : int'(number[30:23]);
  endfunction

  /// The product of two numbers, from that of their significands.
  function automatic logic [31:0] specified(logic [31:0] a, logic [31:0] b, logic [47:0] significand);
    logic        sign;
    int          exponent;  // of the top bit
    logic [47:0] digits;
    logic        lost;
    logic [24:0] rounded;

    sign = a[31] ^ b[31];
    if (is_nan(a) || is_nan(b)) return 32'h7fc0_0000;
    if (a[30:23] == '1 || b[30:23] == '1) begin
      return (a[30:0] == '0 || b[30:0] == '0) ? 32'h7fc0_0000 : {sign, 31'h7f80_0000};
    end

    exponent = exponent_of(a) + exponent_of(b) - 126;
    digits   = significand;
    lost     = 1'b0;
    for (int unsigned i = 0; i < 48; i++) begin
      if (exponent < 1) begin
        lost     = lost || digits[0];
        digits   = digits >> 1;
        exponent = exponent + 1;
      end else if (!digits[47] && exponent > 1) begin
        digits   = digits << 1;
        exponent = exponent - 1;
      end
    end
    if (exponent < 1) return {sign, 31'd0};
    rounded = {1'b0, digits[47:24]};
    if (digits[23] && (digits[22:0] != '0 || lost || rounded[0])) rounded = rounded + 1'b1;
    if (rounded[24]) begin
      rounded  = rounded >> 1;
      exponent = exponent + 1;
    end
    if (rounded[23] && exponent >= 255) return {sign, 31'h7f80_0000};
    return {sign, rounded[23] ? 8'(exponent) : 8'd0, rounded[22:0]};
  endfunction

  logic [Latency-1:0][63:0] inputs_q;
  logic [Latency-1:0]       has_inputs_q = '0;
  logic [31:0]              a, b;
  logic [47:0]              significand_q, significand_qq, significand_qqq;

  always_ff @(posedge clk_i) begin
    inputs_q        <= {inputs_q[Latency-2:0], {a_i, b_i}};
    has_inputs_q    <= {has_inputs_q[Latency-2:0], 1'b1};
    significand_q   <= 48'({a_i[30:23] != '0, a_i[22:0]}) * 48'({b_i[30:23] != '0, b_i[22:0]});
    significand_qq  <= significand_q;
    significand_qqq <= significand_qq;
  end

  assign {a, b} = inputs_q[Latency-1];

  always_ff @(posedge clk_i) begin
    if (has_inputs_q[Latency-1]) begin
      equals_the_specification : assert (product == specified(a, b, significand_qqq));

      rounded_to_a_subnormal : cover (product[30:23] == '0 && product[0] && a[30:23] == 8'd64);
    end
  end
endmodule
