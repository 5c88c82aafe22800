// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// One word of the store path: sum * scale + bias + operand, a function of that, what it is multiplied
/// by, and the clamp.
///
/// Each step is rounded to FP32. A NaN passes the clamp; -0 counts as equal to +0. Negative results are
/// multiplied by the slope, or all by the operand or by the function's argument. An operand that is
/// added comes 7 cycles after the sum, one that results are multiplied by 11 cycles, or 21 after a
/// function.
///
/// A lane that is not `Full` has neither operand, function nor slope, and the same latency.
///
/// Latency: 15 cycles, with a function 25; one word a cycle. A stage works in the cycles in which its
/// bit of `enable_i` is high, and else keeps what it has.
module postprocess_lane
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter  bit          Full         = 1'b1,
  localparam int unsigned SegmentWidth = $clog2(Segments)
) (
  input  logic                    clk_i,
  input  logic [24:0]             enable_i,
  input  logic [31:0]             sum_i,
  input  logic [31:0]             scale_i,
  input  logic [31:0]             bias_i,
  input  logic [31:0]             operand_i,
  input  logic                    adds_i,
  input  logic                    apply_table_i,
  input  factor_e                 factor_i,
  input  logic [31:0]             slope_i,
  input  logic [31:0]             clamp_low_i,
  input  logic [31:0]             clamp_high_i,
  output logic [31:0]             value_o,
  // The function
  input  logic [3:0]              reach_i,
  input  logic [4:0]              fraction_i,
  input  logic                    table_write_i,
  input  logic [SegmentWidth-1:0] table_segment_i,
  input  logic [63:0]             table_entry_i
);
  import fp32_pkg::*;

  logic [31:0]      product;
  logic [2:0][31:0] bias_q;
  logic [31:0]      biased;
  logic [31:0]      bent;
  logic             clamp_enable;

  assign clamp_enable = (Full && apply_table_i) ? enable_i[24] : enable_i[14];

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
    .alone_i (1'b0),
    .a_i     (product),
    .b_i     (bias_q[2]),
    .sum_o   (biased)
  );

  if (Full) begin : gen_full
    logic [31:0]      total;
    logic [9:0][31:0] total_q;
    logic [31:0]      of_total;
    logic [31:0]      argument;
    logic [2:0][31:0] argument_q;
    logic [31:0]      factor;
    logic [31:0]      multiplied;
    logic             is_negative_q;
    logic             adds_q;

    // Known long before the first sum; each lane has its own.
    always_ff @(posedge clk_i) adds_q <= adds_i;

    fp32_add u_residual (
      .clk_i,
      .enable_i(enable_i[10:7]),
      .alone_i (!adds_q),
      .a_i     (biased),
      .b_i     (operand_i),
      .sum_o   (total)
    );

    function_unit u_function (
      .clk_i,
      .enable_i  (enable_i[20:11]),
      .value_i   (total),
      .reach_i,
      .fraction_i,
      .result_o  (of_total),
      .write_i   (table_write_i),
      .segment_i (table_segment_i),
      .entry_i   (table_entry_i)
    );

    always_ff @(posedge clk_i) total_q <= {total_q[8:0], total};

    assign argument = apply_table_i ? of_total : total;

    always_comb begin
      unique case (factor_i)
        FactorOperand: factor = operand_i;
        FactorValue:   factor = total_q[9];
        default:       factor = slope_i;
      endcase
    end

    fp32_mul u_factor (
      .clk_i,
      .enable_i (apply_table_i ? enable_i[23:21] : enable_i[13:11]),
      .a_i      (argument),
      .b_i      (factor),
      .product_o(multiplied)
    );

    always_ff @(posedge clk_i) begin
      argument_q    <= {argument_q[1:0], argument};
      is_negative_q <= !is_nan(argument_q[1][30:0]) && less(argument_q[1], '0);
    end

    assign bent = (factor_i != FactorSlope || is_negative_q) ? multiplied : argument_q[2];
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
    if (clamp_enable) value_o <= below ? clamp_low_i : above ? clamp_high_i : bent;
  end
endmodule
