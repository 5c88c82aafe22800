// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Proof of fp32_add: it equals a specification that adds exact integers and rounds once, for all
/// pairs of numbers.
///
/// Its stages always advance. The specification works on the inputs of four cycles before.
module fp32_add_proof (
  input logic        clk_i,
  input logic        alone_i,
  input logic [31:0] a_i,
  input logic [31:0] b_i
);
  localparam int unsigned Latency = 4;
  // Below the larger number's significand: all of the smaller one's digits down to the round bit's
  // neighbour, where those further down are gathered in one bit.
  localparam int unsigned Below = 28;
  localparam int unsigned Width = 25 + Below;

  logic [31:0] sum;

  fp32_add dut (
    .clk_i,
    .enable_i('1),
    .alone_i,
    .a_i,
    .b_i,
    .sum_o(sum)
  );

  function automatic logic [31:0] specified(logic alone, logic [31:0] a, logic [31:0] b);
    logic [31:0]      upper, lower;
    logic [8:0]       exponent, distance;
    logic [Width-1:0] one, other, total, lost;
    logic [24:0]      rounded;
    logic             sign;

    if (a[30:23] == '1 && a[22:0] != '0) return 32'h7fc0_0000;
    if (alone) return a;
    if (b[30:23] == '1 && b[22:0] != '0) return 32'h7fc0_0000;
    if (a[30:23] == '1) return (b[30:23] == '1 && a[31] != b[31]) ? 32'h7fc0_0000 : a;
    if (b[30:23] == '1) return b;

    upper    = (a[30:0] >= b[30:0]) ? a : b;
    lower    = (a[30:0] >= b[30:0]) ? b : a;
    exponent = (upper[30:23] == '0) ? 9'd1 : 9'(upper[30:23]);
    distance = exponent - ((lower[30:23] == '0) ? 9'd1 : 9'(lower[30:23]));
    sign     = upper[31];
    one      = Width'({upper[30:23] != '0, upper[22:0]}) << Below;
    other    = Width'({lower[30:23] != '0, lower[22:0]}) << Below;
    lost     = other & ~('1 << distance);
    other    = (other >> distance) | Width'(lost != '0);
    total    = (a[31] == b[31]) ? one + other : one - other;
    if (total == '0) return {a[31] && b[31], 31'd0};

    // The top bit is worth 2^(exponent + 1).
    exponent = exponent + 1'b1;
    for (int unsigned i = 0; i < Width; i++) begin
      if (!total[Width-1] && exponent != 1) begin
        total    = total << 1;
        exponent = exponent - 1'b1;
      end
    end
    rounded = {1'b0, total[Width-1-:24]};
    if (total[Width-25] && (total[Width-26:0] != '0 || rounded[0])) rounded = rounded + 1'b1;
    if (rounded[24]) begin
      rounded  = rounded >> 1;
      exponent = exponent + 1'b1;
    end
    if (rounded[23] && exponent >= 9'd255) return {sign, 31'h7f80_0000};
    return {sign, rounded[23] ? 8'(exponent) : 8'd0, rounded[22:0]};
  endfunction

  logic [Latency-1:0][64:0] inputs_q;
  logic [Latency-1:0]       has_inputs_q = '0;
  logic [31:0]              a, b;
  logic                     alone;

  always_ff @(posedge clk_i) begin
    inputs_q     <= {inputs_q[Latency-2:0], {alone_i, a_i, b_i}};
    has_inputs_q <= {has_inputs_q[Latency-2:0], 1'b1};
  end

  assign {alone, a, b} = inputs_q[Latency-1];

  always_ff @(posedge clk_i) begin
    if (has_inputs_q[Latency-1]) begin
      equals_the_specification : assert (sum == specified(alone, a, b));

      cancelled_to_a_subnormal : cover (a[31] != b[31] && a[30:23] == 8'd1 && b[30:23] == 8'd1
          && sum[30:23] == '0 && sum[0]);
    end
  end
endmodule
