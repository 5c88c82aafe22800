/// Turns sign, magnitude and exponent into an FP32 number, rounded once to nearest even.
///
/// The value is magnitude * 2^(exponent - 127 - (Width - 1)): `exponent_i` is the biased exponent that
/// the result would have if the magnitude's top bit were set. Underflow is gradual, overflow gives
/// infinity, a zero magnitude gives a zero of the given sign, NaN is always 0x7fc00000.
/// Latency: 2 cycles, one result a cycle.
module fp32_normalize #(
    parameter int unsigned Width = 40
) (
    input  logic                    clk_i,
    input  logic                    sign_i,
    input  logic        [Width-1:0] magnitude_i,
    input  logic signed [     10:0] exponent_i,
    input  logic                    infinity_i,
    input  logic                    nan_i,
    output logic        [     31:0] result_o
);

  localparam int unsigned CountWidth = $clog2(Width);

  // Stage 1: move the leading one to the top.
  logic [CountWidth-1:0] leading_zeros;
  logic                  zero;

  lzc #(
      .WIDTH(Width),
      .MODE (1'b1)
  ) u_lzc (
      .in_i   (magnitude_i),
      .cnt_o  (leading_zeros),
      .empty_o(zero)
  );

  logic                    sign_q;
  logic        [Width-1:0] magnitude_q;
  logic signed [     10:0] exponent_q;
  logic                    infinity_q;
  logic                    nan_q;

  always_ff @(posedge clk_i) begin
    sign_q      <= sign_i;
    magnitude_q <= zero ? '0 : magnitude_i << leading_zeros;
    exponent_q  <= exponent_i - 11'(leading_zeros);
    infinity_q  <= infinity_i;
    nan_q       <= nan_i;
  end

  // Stage 2: shift back where the exponent is below the smallest, round, pack.
  logic               subnormal;
  logic        [10:0] deficit;  // how far the exponent lies below 1
  logic        [ 4:0] shift;
  logic        [25:0] top;  // 24 bits of the result, the round bit, the sticky bit
  logic        [25:0] shifted;
  logic        [25:0] lost;
  logic               round_up;
  logic        [31:0] packed_value;
  logic        [ 7:0] field;

  assign subnormal = exponent_q < 11'sd1 || !magnitude_q[Width-1];
  assign deficit   = 11'sd1 - exponent_q;
  // Beyond 26 places only the sticky bit is left, so the shift saturates there.
  assign shift     = !subnormal ? 5'd0 : (deficit > 11'd26) ? 5'd26 : deficit[4:0];

  assign top          = {magnitude_q[Width-1-:25], |magnitude_q[Width-26:0]};
  assign shifted      = top >> shift;
  assign lost         = top & ~(26'h3ffffff << shift);
  assign round_up     = shifted[1] & (shifted[2] | shifted[0] | (|lost));
  assign field        = subnormal ? 8'd0 : exponent_q[7:0] - 8'd1;
  // The hidden bit adds the missing 1 to the exponent's field; a carry out of rounding does the same.
  assign packed_value = {sign_q, field, 23'd0} + 32'(shifted[25:2]) + 32'(round_up);

  always_ff @(posedge clk_i) begin
    if (nan_q) begin
      result_o <= 32'h7fc00000;
    end else if (infinity_q || (magnitude_q[Width-1] && exponent_q > 11'sd254)) begin
      result_o <= {sign_q, 8'hff, 23'd0};
    end else begin
      result_o <= packed_value;
    end
  end

endmodule
