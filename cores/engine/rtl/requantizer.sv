// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Makes an INT8 number of an INT32 sum: bias, multiplication by a real number, rounding, zero point,
/// clamp.
///
///     x = saturate27(sum + bias)
///     v = x * multiplier + (x < 0 ? below : above) * 2^15
///     q = floor(v / 2^shift + 1/2)
///
/// The multiplier has 26 bits, the shift 24 to 55 places. Offsets below and above zero, signed numbers of
/// 16 bits, make other rules of rounding of this one. With `ties_even_i` the quotient is rounded as by
/// FP32, to 24 bits first: whatever is at most half a unit of its last bit away from the middle between
/// two integers becomes the even one of them. That is exact for integers below 256 in magnitude; larger
/// ones are clamped. A lower bound above the upper one is the result of whatever is below it.
///
/// Parameters come as they are in memory: bias with the sum, `multiplier_i` (shift and multiplier) and
/// `offset_i` (below, above) a cycle later. Latency: 6 cycles, one number per cycle.
module requantizer (
  input  logic               clk_i,
  input  logic signed [31:0] sum_i,
  input  logic signed [31:0] bias_i,
  input  logic        [31:0] multiplier_i,
  input  logic        [31:0] offset_i,
  input  logic               ties_even_i,
  input  logic signed [ 7:0] zero_point_i,
  input  logic signed [ 7:0] low_i,
  input  logic signed [ 7:0] high_i,
  output logic signed [ 7:0] value_o
);
  localparam int unsigned XWidth   = 27;
  localparam int unsigned VWidth   = 54;
  localparam int unsigned LowWidth = 17;  // of the multiplier, so that a DSP holds each product

  // Stage 1: bias. Beyond 27 bits every result is clamped whatever the multiplier is.
  logic signed [32:0]       biased;
  logic                     fits;
  logic signed [XWidth-1:0] x_q;

  assign biased = 33'(sum_i) + 33'(bias_i);
  assign fits   = biased[32:XWidth-1] == '0 || biased[32:XWidth-1] == '1;

  always_ff @(posedge clk_i) begin
    x_q <= fits ? biased[XWidth-1:0] : {biased[32], {(XWidth - 1) {!biased[32]}}};
  end

  // Stage 2: products.
  logic signed [LowWidth:0]           multiplier_low;
  logic signed [26-LowWidth:0]        multiplier_high;
  logic signed [XWidth+LowWidth:0]    product_low_q;
  logic signed [XWidth+26-LowWidth:0] product_high_q;
  logic signed [15:0]                 offset_q;
  logic        [4:0]                  shift_q;  // beyond the shortest

  assign multiplier_low  = {1'b0, multiplier_i[LowWidth-1:0]};
  assign multiplier_high = {1'b0, multiplier_i[25:LowWidth]};

  always_ff @(posedge clk_i) begin
    product_low_q  <= x_q * multiplier_low;
    product_high_q <= x_q * multiplier_high;
    offset_q       <= x_q[XWidth-1] ? offset_i[31:16] : offset_i[15:0];
    shift_q        <= multiplier_i[30:26] - 5'd24;
  end

  // Stages 3 and 4: their sum, shifted by multiples of eight, then by the rest, to 25 bits behind the
  // point. Whether anything is lost decides on the ends of the range of ties.
  localparam int unsigned Fraction = 25;
  localparam int unsigned UWidth   = VWidth + 1;
  localparam int unsigned QWidth   = 10;  // what has more bits is clamped in any case
  localparam int unsigned Kept     = QWidth + Fraction;

  logic signed [VWidth-1:0]   v;
  logic signed [UWidth-1:0]   u;
  logic signed [UWidth-1:0]   coarse_q;
  logic        [2:0]          fine_q;
  logic                       coarse_lost_q;
  logic        [Kept-1:0]     fine;
  logic        [UWidth-Kept:0] above;  // bits that should be as the sign is, and the sign
  logic                       in_range;
  logic signed [QWidth-1:0]   floor_q;
  logic        [Fraction-1:0] fraction_q;
  logic                       lost_q;

  assign v    = VWidth'(product_low_q) + (VWidth'(product_high_q) <<< LowWidth)
      + (VWidth'(offset_q) <<< 15);
  assign u    = {v, 1'b0};
  assign fine = Kept'(coarse_q[Kept+6:0] >> fine_q);

  // The highest bit that is kept, and those above it, as far as the shift moves them down.
  always_comb begin
    above = coarse_q[UWidth-1:Kept-1] ^ {(UWidth - Kept + 1) {coarse_q[UWidth-1]}};
    for (int unsigned i = 0; i < 7; i++) above[i] &= 3'(i) >= fine_q;
  end

  assign in_range = above == '0;

  always_ff @(posedge clk_i) begin
    coarse_q      <= u >>> {shift_q[4:3], 3'b000};
    coarse_lost_q <= (u[23:0] & ~(24'hffffff << {shift_q[4:3], 3'b000})) != '0;
    fine_q        <= shift_q[2:0];
    floor_q       <= in_range ? fine[Kept-1:Fraction]
        : {coarse_q[UWidth-1], {(QWidth - 1) {!coarse_q[UWidth-1]}}};
    fraction_q    <= fine[Fraction-1:0];
    lost_q        <= coarse_lost_q || (coarse_q[6:0] & ~(7'h7f << fine_q)) != '0;
  end

  // Stage 5: round. 24 bits of a number between 2^e and 2^(e+1) reach to the bit 2^(e-23), and half of
  // that is bit e + 1 of the fraction. Below 1, e is -1 by the rule of the range's end at 2^-25.
  logic [7:0]          magnitude;  // of numbers below zero less one
  logic [8:0]          matters;  // of the fraction's lowest bits: those above half of the last bit
  logic [8:0]          last;  // the lowest of them
  logic [Fraction-2:0] rest;  // of the fraction, without its upper bit
  logic                all_ones;
  logic                all_zeros;
  logic                at_end;
  logic                near;
  logic                increment;
  logic signed [QWidth:0] q_q;

  assign magnitude = floor_q[7:0] ^ {8{floor_q[QWidth-1]}};
  assign rest      = fraction_q[Fraction-2:0];

  always_comb begin
    matters[8] = 1'b1;
    for (int unsigned i = 0; i < 8; i++) matters[i] = (magnitude >> i) == '0;
    last = matters & {~matters[7:0], 1'b1};
  end

  assign all_ones  = &rest[Fraction-2:9] && (rest[8:0] | ~matters) == '1;
  assign all_zeros = rest[Fraction-2:9] == '0 && (rest[8:0] & matters) == '0;
  assign at_end    = rest[Fraction-2:9] == '0 && rest[8:0] == last && !lost_q;
  assign near      = fraction_q[Fraction-1] ? all_zeros || at_end : all_ones;
  assign increment = (ties_even_i && near) ? floor_q[0] : fraction_q[Fraction-1];

  always_ff @(posedge clk_i) q_q <= (QWidth + 1)'(floor_q) + $signed((QWidth + 1)'(increment));

  // Stage 6: zero point and clamp.
  localparam int unsigned TotalWidth = QWidth + 1;

  logic signed [TotalWidth-1:0] total;

  assign total = q_q + TotalWidth'(zero_point_i);

  always_ff @(posedge clk_i) begin
    value_o <= (total < TotalWidth'(low_i)) ? low_i
        : (total > TotalWidth'(high_i)) ? high_i : total[7:0];
  end
endmodule
