// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Converts sign, magnitude and exponent to an FP32 number, rounded once to nearest even.
///
/// The value is magnitude * 2^(exponent - 127 - (Width - 1)): `exponent_i` is the biased exponent
/// that the result would have if the magnitude's top bit were set. Underflow is gradual, overflow
/// gives infinity, a zero magnitude gives zero with the given sign, NaN is always 0x7fc00000.
///
/// Latency: 2 cycles, one result per cycle. A stage advances while its bit of `enable_i` is high,
/// and otherwise keeps its contents.
module fp32_normalize
  import fp32_pkg::*;
#(
  /// At most 63.
  parameter int unsigned Width = 40
) (
  input  logic                    clk_i,
  input  logic [1:0]              enable_i,
  input  logic                    sign_i,
  input  logic        [Width-1:0] magnitude_i,
  input  logic signed [10:0]      exponent_i,
  input  logic                    infinity_i,
  input  logic                    nan_i,
  output logic        [31:0]      result_o
);
  // The leading one is at the top, if there is one.
  typedef struct packed {
    logic               sign;
    logic [Width-1:0]   magnitude;
    logic signed [10:0] exponent;
    logic               infinity;
    logic               nan;
  } normal_t;

  /// Stage 1.
  function automatic normal_t normalize(
    logic sign, logic [Width-1:0] magnitude, logic signed [10:0] exponent, logic infinity, logic nan
  );
    logic [5:0] zeros;

    zeros = leading_zeros({magnitude, (64 - Width)'(0)});
    return '{
      sign: sign,
      magnitude: magnitude << zeros,
      exponent: exponent - 11'(zeros),
      infinity: infinity,
      nan: nan
    };
  endfunction

  /// Stage 2: shifts back if the exponent is below the smallest, rounds, packs.
  function automatic logic [31:0] pack(normal_t normal);
    logic subnormal, round_up;
    logic [10:0] deficit;  // how far the exponent is below 1
    logic [4:0] distance;
    logic [25:0] top;  // 24 bits of the result, the round bit, the sticky bit
    logic [25:0] shifted, lost;
    logic [7:0] field;

    if (normal.nan) return CanonicalNan;
    if (normal.infinity || (normal.magnitude[Width-1] && normal.exponent > 11'sd254)) begin
      return {normal.sign, 8'hff, 23'd0};
    end
    subnormal = normal.exponent < 11'sd1 || !normal.magnitude[Width-1];
    deficit   = 11'sd1 - normal.exponent;
    // Beyond 26 places only the sticky bit remains, so the shift saturates there.
    distance  = !subnormal ? 5'd0 : (deficit > 11'd26) ? 5'd26 : deficit[4:0];
    top       = {normal.magnitude[Width-1-:25], |normal.magnitude[Width-26:0]};
    shifted   = top >> distance;
    lost      = top & ~(26'h3ffffff << distance);
    round_up  = shifted[1] & (shifted[2] | shifted[0] | (|lost));
    field     = subnormal ? 8'd0 : normal.exponent[7:0] - 8'd1;
    // The hidden bit adds the missing 1 to the exponent field; a carry from rounding does the same.
    return {normal.sign, field, 23'd0} + 32'(shifted[25:2]) + 32'(round_up);
  endfunction

  normal_t normal_q;

  always_ff @(posedge clk_i) begin
    if (enable_i[0]) begin
      normal_q <= normalize(sign_i, magnitude_i, exponent_i, infinity_i, nan_i);
    end
    if (enable_i[1]) result_o <= pack(normal_q);
  end
endmodule
