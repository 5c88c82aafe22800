// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// One word of the store path: sum * scale + bias + residual, negative results times slope, clamped.
///
/// Each step is rounded to FP32. A NaN passes the clamp; -0 counts as equal to +0. The residual comes
/// 7 cycles after the sum; -0 adds nothing.
///
/// A lane that is not `Full` has neither residual nor slope, and the same latency.
///
/// Latency: 15 cycles, one word a cycle. A stage works in the cycles in which its bit of `enable_i` is
/// high, and else keeps what it has.
module postprocess_lane #(
  parameter bit Full = 1'b1
) (
  input  logic        clk_i,
  input  logic [14:0] enable_i,
  input  logic [31:0] sum_i,
  input  logic [31:0] scale_i,
  input  logic [31:0] bias_i,
  input  logic [31:0] residual_i,
  input  logic [31:0] slope_i,
  input  logic [31:0] clamp_low_i,
  input  logic [31:0] clamp_high_i,
  output logic [31:0] value_o
);
  import fp32_pkg::*;

  logic [31:0]      product;
  logic [2:0][31:0] bias_q;
  logic [31:0]      biased;
  logic [31:0]      bent;

  fp32_mul u_scale (
    .clk_i,
    .enable_i (enable_i[2:0]),
    .a_i      (sum_i),
    .b_i      (scale_i),
    .product_o(product)
  );

  always_ff @(posedge clk_i) bias_q <= {bias_q[1:0], bias_i};

  fp32_add u_bias (
    .clk_i,
    .enable_i(enable_i[6:3]),
    .a_i     (product),
    .b_i     (bias_q[2]),
    .sum_o   (biased)
  );

  if (Full) begin : gen_full
    logic [31:0]      total;
    logic [2:0][31:0] total_q;
    logic [31:0]      sloped;

    fp32_add u_residual (
      .clk_i,
      .enable_i(enable_i[10:7]),
      .a_i     (biased),
      .b_i     (residual_i),
      .sum_o   (total)
    );

    fp32_mul u_slope (
      .clk_i,
      .enable_i (enable_i[13:11]),
      .a_i      (total),
      .b_i      (slope_i),
      .product_o(sloped)
    );

    always_ff @(posedge clk_i) total_q <= {total_q[1:0], total};

    assign bent = (!is_nan(total_q[2][30:0]) && less(total_q[2], '0)) ? sloped : total_q[2];
  end else begin : gen_plain
    logic [6:0][31:0] biased_q;

    always_ff @(posedge clk_i) biased_q <= {biased_q[5:0], biased};

    assign bent = biased_q[6];
  end

  logic is_number;
  logic below;
  logic above;

  assign is_number = !is_nan(bent[30:0]);
  assign below     = is_number && !is_nan(clamp_low_i[30:0]) && less(bent, clamp_low_i);
  assign above     = is_number && !is_nan(clamp_high_i[30:0]) && less(clamp_high_i, bent);

  always_ff @(posedge clk_i) begin
    if (enable_i[14]) value_o <= below ? clamp_low_i : above ? clamp_high_i : bent;
  end
endmodule
