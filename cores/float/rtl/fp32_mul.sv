/// FP32 multiplication, IEEE 754 round to nearest even with subnormals; every NaN result is 0x7fc00000.
///
/// Latency: 3 cycles, one product a cycle.
module fp32_mul (
    input  logic        clk_i,
    input  logic [31:0] a_i,
    input  logic [31:0] b_i,
    output logic [31:0] product_o
);

  logic [7:0] a_exponent;
  logic [7:0] b_exponent;
  logic       a_infinity;
  logic       b_infinity;
  logic       a_nan;
  logic       b_nan;

  assign a_exponent = (a_i[30:23] == 8'd0) ? 8'd1 : a_i[30:23];
  assign b_exponent = (b_i[30:23] == 8'd0) ? 8'd1 : b_i[30:23];
  assign a_infinity = a_i[30:0] == 31'h7f800000;
  assign b_infinity = b_i[30:0] == 31'h7f800000;
  assign a_nan      = a_i[30:0] > 31'h7f800000;
  assign b_nan      = b_i[30:0] > 31'h7f800000;

  // Stage 1: the exact product of the significands.
  logic               sign_q;
  logic        [47:0] product_q;
  logic signed [10:0] exponent_q;
  logic               infinity_q;
  logic               nan_q;

  always_ff @(posedge clk_i) begin
    sign_q     <= a_i[31] ^ b_i[31];
    product_q  <= 48'({a_i[30:23] != 8'd0, a_i[22:0]}) * 48'({b_i[30:23] != 8'd0, b_i[22:0]});
    exponent_q <= 11'(a_exponent) + 11'(b_exponent) - 11'sd126;
    infinity_q <= a_infinity || b_infinity;
    nan_q      <= a_nan || b_nan || (a_infinity && b_i[30:0] == '0)
        || (b_infinity && a_i[30:0] == '0);
  end

  // Stages 2 and 3.
  fp32_normalize #(
      .Width(48)
  ) u_normalize (
      .clk_i,
      .sign_i     (sign_q),
      .magnitude_i(product_q),
      .exponent_i (exponent_q),
      .infinity_i (infinity_q),
      .nan_i      (nan_q),
      .result_o   (product_o)
  );

endmodule
