/// One word of the store path: y = clamp(sum * scale + bias), each step rounded to FP32.
///
/// A NaN passes the clamp; -0 counts as equal to +0. Latency: 8 cycles, one word a cycle.
module postprocess_lane (
    input  logic        clk_i,
    input  logic [31:0] sum_i,
    input  logic [31:0] scale_i,
    input  logic [31:0] bias_i,
    input  logic [31:0] clamp_low_i,
    input  logic [31:0] clamp_high_i,
    output logic [31:0] value_o
);

  /// Whether a < b, for FP32 numbers of which neither is NaN.
  function automatic logic less(logic [31:0] a, logic [31:0] b);
    if (a[30:0] == '0 && b[30:0] == '0) return 1'b0;
    if (a[31] != b[31]) return a[31];
    return a[31] ? a[30:0] > b[30:0] : a[30:0] < b[30:0];
  endfunction

  function automatic logic is_nan(logic [30:0] magnitude);
    return magnitude > 31'h7f800000;
  endfunction

  logic [31:0]      product;
  logic [2:0][31:0] bias_q;
  logic [31:0]      biased;

  always_ff @(posedge clk_i) bias_q <= {bias_q[1:0], bias_i};

  fp32_mul u_mul (
      .clk_i,
      .a_i      (sum_i),
      .b_i      (scale_i),
      .product_o(product)
  );

  fp32_add u_add (
      .clk_i,
      .a_i  (product),
      .b_i  (bias_q[2]),
      .sum_o(biased)
  );

  logic below;
  logic above;

  assign below = !is_nan(biased[30:0]) && !is_nan(clamp_low_i[30:0]) && less(biased, clamp_low_i);
  assign above = !is_nan(biased[30:0]) && !is_nan(clamp_high_i[30:0]) && less(clamp_high_i, biased);

  always_ff @(posedge clk_i) begin
    value_o <= below ? clamp_low_i : above ? clamp_high_i : biased;
  end

endmodule
