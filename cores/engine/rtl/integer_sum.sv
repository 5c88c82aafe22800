// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Adds an INT8 operand to an INT8 result, each with a scale and a zero point of its own.
///
///     w = (value - zero) * factor + (operand - operand_zero) * operand_factor
///     w = w + (w < 0 ? below : above) * 2^6
///     sum = clamp(floor(w / 2^shift + 1/2) + zero_point)
///
/// Factors have 26 bits, the shift 16 to 31 places, offsets are signed numbers of 16 bits. `line_i` has
/// them as they are in memory: shift and factor, operand_factor, offsets, and a word with zero,
/// operand_zero and what the value has been clamped to. Without `adds_i` the value is the sum.
///
/// Latency: 5 cycles, one sum per cycle.
module integer_sum (
  input  logic               clk_i,
  input  logic               adds_i,
  input  logic [3:0][31:0]   line_i,
  input  logic signed [ 7:0] value_i,
  input  logic signed [ 7:0] operand_i,
  input  logic signed [ 7:0] zero_point_i,
  input  logic signed [ 7:0] low_i,
  input  logic signed [ 7:0] high_i,
  output logic signed [ 7:0] sum_o
);
  localparam int unsigned FactorWidth  = 26;
  localparam int unsigned ProductWidth = 9 + FactorWidth + 1;
  localparam int unsigned SumWidth     = ProductWidth + 1;
  localparam int unsigned Fixed        = 15;  // places of every shift, one less than the smallest
  localparam int unsigned TWidth       = 11;

  logic signed [FactorWidth:0] factor;
  logic signed [FactorWidth:0] operand_factor;
  logic        [3:0]           shift;
  logic signed [15:0]          below;
  logic signed [15:0]          above;
  logic signed [7:0]           zero;
  logic signed [7:0]           operand_zero;

  assign factor         = {1'b0, line_i[0][FactorWidth-1:0]};
  assign shift          = line_i[0][FactorWidth+:4];
  assign operand_factor = {1'b0, line_i[1][FactorWidth-1:0]};
  assign {below, above} = line_i[2];
  assign zero           = line_i[3][7:0];
  assign operand_zero   = line_i[3][15:8];

  // Stages 1 to 3: from zero points to the sum with its offset.
  logic signed [8:0]              value_q;
  logic signed [8:0]              operand_q;
  logic signed [ProductWidth-1:0] product_q;
  logic signed [ProductWidth-1:0] operand_product_q;
  logic signed [SumWidth-1:0]     sum;
  logic signed [SumWidth-1:0]     w_q;

  assign sum = SumWidth'(product_q) + SumWidth'(operand_product_q);

  always_ff @(posedge clk_i) begin
    value_q           <= 9'(value_i) - 9'(zero);
    operand_q         <= 9'(operand_i) - 9'(operand_zero);
    product_q         <= value_q * factor;
    operand_product_q <= operand_q * operand_factor;
    w_q               <= sum + (SumWidth'(sum[SumWidth-1] ? below : above) <<< 6);
  end

  // Stage 4: shift, to one bit behind the point; limited to what is clamped in any case.
  logic signed [SumWidth-Fixed-1:0] shifted;
  logic                             in_range;
  logic signed [TWidth-1:0]         t_q;

  assign shifted  = $signed(w_q[SumWidth-1:Fixed]) >>> shift;
  assign in_range = shifted[SumWidth-Fixed-1:TWidth-1] == '0
      || shifted[SumWidth-Fixed-1:TWidth-1] == '1;

  always_ff @(posedge clk_i) begin
    t_q <= in_range ? shifted[TWidth-1:0]
        : {shifted[SumWidth-Fixed-1], {(TWidth - 1) {!shifted[SumWidth-Fixed-1]}}};
  end

  // Stage 5: round, zero point and clamp.
  logic        [3:0][7:0]   passed_q;
  logic signed [TWidth-1:0] total;

  assign total = (t_q >>> 1) + $signed(TWidth'(t_q[0])) + TWidth'(zero_point_i);

  always_ff @(posedge clk_i) begin
    passed_q <= {passed_q[2:0], value_i};
    if (!adds_i) sum_o <= passed_q[3];
    else if (total < TWidth'(low_i)) sum_o <= low_i;
    else if (total > TWidth'(high_i)) sum_o <= high_i;
    else sum_o <= total[7:0];
  end
endmodule
