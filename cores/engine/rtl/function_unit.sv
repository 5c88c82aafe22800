// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// A function of one FP32 number by a table of quadratic polynomials, with the table.
///
/// The number becomes a fixed-point one of 27 bits, u = x * 2^(26 - reach), rounded so that x lies
/// between u and u + 1, and limited if |x| >= 2^reach. Its upper 9 bits choose a segment, with the
/// lowest number first; the lower 18 bits count from the segment's middle: t = -2^17 .. 2^17 - 1.
///
///     y = c0 + round(t * (c1 + round(t * c2 / 2^17)) / 2^17)      round(z) = floor(z + 1/2)
///
/// y * 2^-fraction is rounded to FP32 once. An entry of the table has c0 in bits 26:0, c1 in 48:27 and
/// c2 in 63:49, all signed. A NaN gives the canonical one.
///
/// Latency: 10 cycles, one number per cycle. A stage advances while its bit of `enable_i` is high, and
/// otherwise keeps its contents. The table is not written while numbers are on their way.
module function_unit
  import engine_descriptor_pkg::*;
  import fp32_pkg::*;
#(
  localparam int unsigned SegmentWidth = $clog2(Segments)
) (
  input  logic                    clk_i,
  input  logic [9:0]              enable_i,
  input  logic [31:0]             value_i,
  input  logic [3:0]              reach_i,
  input  logic [4:0]              fraction_i,
  output logic [31:0]             result_o,
  // The table
  input  logic                    write_i,
  input  logic [SegmentWidth-1:0] segment_i,
  input  logic [63:0]             entry_i
);
  localparam int unsigned Fraction = 18;  // bits of t
  localparam int unsigned Fixed    = SegmentWidth + Fraction;

  typedef struct packed {
    logic signed [14:0] c2;
    logic signed [21:0] c1;
    logic signed [26:0] c0;
  } entry_t;

  /// The product of t and a coefficient, without t's fraction bits.
  function automatic logic signed [23:0] scaled(logic signed [40:0] of_t);
    return 24'((of_t + 41'sd65536) >>> (Fraction - 1));
  endfunction

  // Stage 1: to fixed point. The sign inverts all bits, so that negative numbers need no carry.
  logic        [9:0]       distance;  // to shift right; negative beyond the table's reach
  logic        [Fixed-2:0] magnitude;
  logic        [Fixed-1:0] fixed_q;

  assign distance  = 10'd126 + 10'(reach_i) - 10'(value_i[30:23]);
  assign magnitude = distance[9] ? '1
      : {significand_of(value_i[30:0]), 2'b00} >> ((distance > 10'd31) ? 5'd31 : distance[4:0]);

  // Stage 2: the segment's entry.
  logic        [63:0] entries[Segments];
  entry_t             entry_q;
  logic signed [17:0] t_q;

  // Stages 3 to 6: the polynomial.
  logic signed [40:0] square_q;
  logic signed [22:0] slope_q;
  logic signed [40:0] product_q;
  logic signed [27:0] y_q;
  logic signed [26:0] c0_3_q;
  logic signed [26:0] c0_4_q;
  logic signed [26:0] c0_5_q;
  logic signed [21:0] c1_q;
  logic signed [17:0] t_3_q;
  logic signed [17:0] t_4_q;

  // Stage 7: sign and magnitude.
  logic        [27:0] magnitude_q;
  logic               sign_q;
  logic        [ 6:0] nan_q;

  always_ff @(posedge clk_i) begin
    if (enable_i[0]) fixed_q <= {value_i[31], magnitude ^ {(Fixed - 1) {value_i[31]}}};
    if (enable_i[1]) begin
      entry_q <= entries[{~fixed_q[Fixed-1], fixed_q[Fixed-2:Fraction]}];
      t_q     <= {~fixed_q[Fraction-1], fixed_q[Fraction-2:0]};
    end
    if (enable_i[2]) begin
      square_q <= 41'(t_q) * 41'(entry_q.c2);
      c0_3_q   <= entry_q.c0;
      c1_q     <= entry_q.c1;
      t_3_q    <= t_q;
    end
    if (enable_i[3]) begin
      slope_q <= 23'(c1_q) + 23'(scaled(square_q));
      c0_4_q  <= c0_3_q;
      t_4_q   <= t_3_q;
    end
    if (enable_i[4]) begin
      product_q <= 41'(t_4_q) * 41'(slope_q);
      c0_5_q    <= c0_4_q;
    end
    if (enable_i[5]) y_q <= 28'(c0_5_q) + 28'(scaled(product_q));
    if (enable_i[6]) begin
      sign_q      <= y_q[27];
      magnitude_q <= y_q[27] ? -y_q : y_q;
    end
    for (int unsigned i = 0; i < 7; i++) begin
      if (enable_i[i]) nan_q[i] <= (i == 0) ? is_nan(value_i[30:0]) : nan_q[(i+6)%7];
    end
  end

  always_ff @(posedge clk_i) begin
    if (write_i) entries[segment_i] <= entry_i;
  end

  // Stages 8 and 9: the leading one to the top. No result is subnormal, and none overflows.
  logic [ 4:0] zeros;  // fewer than 32, if there is a one
  logic [ 4:0] zeros_q;
  logic [27:0] number_q;
  logic [27:0] normal_q;
  logic [ 7:0] exponent_q;
  logic [ 1:0] late_sign_q;
  logic [ 1:0] late_nan_q;

  assign zeros = 5'(leading_zeros({magnitude_q, 36'd0}));

  always_ff @(posedge clk_i) begin
    if (enable_i[7]) begin
      zeros_q        <= zeros;
      number_q       <= magnitude_q;
      late_sign_q[0] <= sign_q;
      late_nan_q[0]  <= nan_q[6];
    end
    if (enable_i[8]) begin
      normal_q       <= number_q << zeros_q;
      exponent_q     <= 8'd154 - 8'(fraction_i) - 8'(zeros_q);
      late_sign_q[1] <= late_sign_q[0];
      late_nan_q[1]  <= late_nan_q[0];
    end
  end

  // Stage 10: rounding. The leading one adds the missing 1 to the exponent, and so does a carry.
  logic        round_up;
  logic [31:0] rounded;

  assign round_up = normal_q[3] && (normal_q[4] || normal_q[2:0] != '0);
  assign rounded  = {late_sign_q[1], exponent_q - 8'd1, 23'd0} + 32'(normal_q[27:4]) + 32'(round_up);

  always_ff @(posedge clk_i) begin
    if (enable_i[9]) begin
      result_o <= late_nan_q[1] ? CanonicalNan : normal_q[27] ? rounded : '0;
    end
  end
endmodule
