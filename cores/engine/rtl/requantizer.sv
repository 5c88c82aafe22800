// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Makes an INT8 number of an INT32 sum: bias, multiplication by a real number, rounding, zero
/// point, clamp. In other cycles it adds two INT8 numbers, by the same adders and shifter.
///
///     x = saturate27(sum + bias)
///     v = x * multiplier + (x < 0 ? below : above) * 2^15
///     or w = value * factor + operand * operand_factor
///        v = w + (w < 0 ? below : above) * 2^6
///     q = floor(v / 2^shift + 1/2)
///
/// A multiplier has 26 bits, a shift 24 to 55 places, in additions 16 to 31. Offsets below and
/// above zero, signed numbers of 16 bits, make other rules of rounding of this one. With
/// `ties_even_i` the quotient is rounded as by FP32, to 24 bits first: whatever is at most half a
/// unit of its last bit away from the middle between two integers becomes the even one of them.
/// That is exact for integers below 256 in magnitude; larger ones are clamped. A lower bound above
/// the upper one is the result of whatever is below it.
///
/// Parameters come as they are in memory: bias with the sum, `multiplier_i` (shift and multiplier)
/// a cycle later and `offset_i` (below, above) two cycles later. Additions have them in a line of
/// shift and factor, operand_factor and offsets; `value_i` and `operand_i` come a cycle later than
/// a sum would. `addition_i` tells for each of the first three stages what it has. `zero_point_i`
/// and `ties_even_i` are those of the fourth stage, the bounds those of the result. Latency: 4
/// cycles, one number per cycle.
module requantizer (
  input  logic               clk_i,
  // The sum is the first one, or the second one of the half
  input  logic        [31:0] first_sum_i,
  input  logic   [1:0][31:0] second_sum_i,
  input  logic               second_i,
  input  logic               half_i,
  input  logic        [31:0] bias_i,
  input  logic        [31:0] multiplier_i,
  input  logic        [31:0] offset_i,
  // Additions
  input  logic        [ 2:0] addition_i,
  input  logic   [2:0][31:0] line_i,
  input  logic signed [ 8:0] value_i,
  input  logic signed [ 8:0] operand_i,
  // Rounding and clamp
  input  logic               ties_even_i,
  input  logic signed [ 7:0] zero_point_i,
  input  logic signed [ 8:0] low_i,
  input  logic signed [ 8:0] high_i,
  output logic signed [ 8:0] value_o
);
  localparam int unsigned XWidth      = 27;
  localparam int unsigned VWidth      = 54;
  localparam int unsigned LowWidth    = 17;  // of the multiplier, so that a DSP holds each product
  localparam int unsigned Scale       = 9;  // additions have v * 2^Scale, and shift by as much more
  localparam int unsigned ShiftWidth  = 5;

  // Stage 1: bias. Beyond 27 bits every result is clamped whatever the multiplier is. The sums of
  // this module that are written as differences are so for Yosys, which then takes what chooses the
  // subtrahend into the adder's LUTs.
  logic        [31:0]       sum;
  logic signed [33:0]       biased_2;
  logic signed [32:0]       biased;
  logic                     fits;
  logic signed [XWidth-1:0] x_q;

  assign sum      = second_i ? second_sum_i[half_i] : first_sum_i;
  assign biased_2 = {bias_i[31], bias_i, 1'b0} - {~sum[31], ~sum, 1'b1};
  assign biased   = biased_2[33:1];
  assign fits     = biased[32:XWidth-1] == '0 || biased[32:XWidth-1] == '1;

  always_ff @(posedge clk_i) begin
    if (addition_i[0]) x_q <= {1'b0, line_i[0][25:0]};
    else if (fits) x_q <= biased[XWidth-1:0];
    else x_q <= {biased[32], {(XWidth - 1) {!biased[32]}}};
  end

  // Stage 2: products, and their sum.
  logic signed [LowWidth:0]           by;
  logic signed [26-LowWidth:0]        by_high;
  logic signed [26:0]                 operand_factor;
  logic signed [XWidth+LowWidth:0]    product;
  logic signed [XWidth+26-LowWidth:0] product_high;
  logic signed [XWidth+8:0]           operand_product;
  logic signed [VWidth-1:Scale]       other;
  logic signed [VWidth-Scale:0]       v_2;
  logic signed [VWidth-1:0]           v_q;
  logic                               negative_q;
  logic        [ShiftWidth-1:0]       shift_q;  // beyond the shortest

  assign by              = addition_i[1] ? {value_i, Scale'(0)}
      : {1'b0, multiplier_i[LowWidth-1:0]};
  assign by_high         = {1'b0, multiplier_i[25:LowWidth]};
  assign operand_factor  = {1'b0, line_i[1][25:0]};
  assign product         = x_q * by;
  assign product_high    = x_q * by_high;
  assign operand_product = operand_i * operand_factor;
  assign other           = addition_i[1] ? (VWidth - Scale)'(operand_product)
      : (VWidth - Scale)'(product_high) <<< (LowWidth - Scale);
  assign v_2             = {(VWidth - Scale)'(product >>> Scale), 1'b0} - {~other, 1'b1};

  always_ff @(posedge clk_i) begin
    v_q        <= {v_2[VWidth-Scale:1], product[Scale-1:0]};
    negative_q <= x_q[XWidth-1];
    shift_q    <= addition_i[1] ? 5'd1 + 5'(line_i[0][29:26]) : multiplier_i[30:26] - 5'd24;
  end

  // Stage 3: offset; shift, to 25 bits behind the point. Whether anything is lost decides on the
  // ends of the range of ties.
  localparam int unsigned Unit     = 15;  // offsets are multiples of 2^Unit
  localparam int unsigned Fraction = 25;
  localparam int unsigned UWidth   = VWidth + 1;
  localparam int unsigned QWidth   = 9;  // what has more bits is clamped in any case
  localparam int unsigned Kept     = QWidth + Fraction;
  localparam int unsigned Reach    = 7;  // places of the second of two shifts

  logic        [15:0]           below;
  logic        [15:0]           above;
  logic signed [15:0]           offset;
  logic        [UWidth-Unit-1:0] u_2;
  logic signed [UWidth-1:0]     u;
  logic        [1:0]            coarse;  // places to shift, divided by eight
  logic        [2:0]            fine;
  logic signed [Kept+Reach-1:0] shifted;
  logic        [Kept-1:0]       kept;
  logic        [Reach:0]        over;  // the highest bit that is kept, and those above it
  logic                         in_range;
  logic                         lost;
  logic signed [QWidth-1:0]     floor_q;
  logic        [Fraction-1:0]   fraction_q;
  logic                         lost_q;

  assign {below, above} = addition_i[2] ? line_i[2] : offset_i;
  assign offset  = (addition_i[2] ? v_q[VWidth-1] : negative_q) ? below : above;
  assign u_2     = {v_q[VWidth-1:Unit], 1'b0} - {~(VWidth - Unit)'(offset), 1'b1};
  assign u       = {u_2[UWidth-Unit-1:1], v_q[Unit-1:0], 1'b0};
  assign coarse  = shift_q[4:3];
  assign fine    = shift_q[2:0];
  assign shifted = (Kept + Reach)'(u >>> {coarse, 3'b000});
  assign kept    = Kept'(shifted >> fine);

  always_comb begin
    over = shifted[Kept+Reach-1:Kept-1] ^ {(Reach + 1) {u[UWidth-1]}};
    for (int unsigned i = 0; i < Reach; i++) over[i] &= 3'(i) >= fine;
    in_range = over == '0;
    lost     = (shifted[Reach-1:0] & ~(7'h7f << fine)) != '0;
    for (int unsigned i = 0; i < 4; i++) begin
      // What the first shift leaves out on either side.
      if (2'(i) >= coarse && Kept + Reach + 8 * i < UWidth) begin
        in_range &= (u >>> (Kept + Reach + 8 * i)) == '0 || (~u >>> (Kept + Reach + 8 * i)) == '0;
      end
      if (2'(i) < coarse) lost |= u[8*i+:8] != '0;
    end
  end

  always_ff @(posedge clk_i) begin
    floor_q    <= in_range ? kept[Kept-1:Fraction]
        : {u[UWidth-1], {(QWidth - 1) {!u[UWidth-1]}}};
    fraction_q <= kept[Fraction-1:0];
    lost_q     <= lost;
  end

  // Stage 4: round, and add the zero point. 24 bits of a number between 2^e and 2^(e+1) reach to
  // the bit 2^(e-23), and half of that is bit e + 1 of the fraction. Below 1, e is -1 by the rule
  // of the range's end at 2^-25.
  localparam int unsigned TotalWidth = QWidth + 1;

  logic [7:0]          magnitude;  // of numbers below zero less one
  logic [8:0]          matters;  // of the fraction's lowest bits: those above half of the last bit
  logic [8:0]          last;  // the lowest of them
  logic [Fraction-2:0] rest;  // of the fraction, without its upper bit
  logic                all_ones;
  logic                all_zeros;
  logic                at_end;
  logic                near;
  logic                increment;
  logic signed [TotalWidth:0]   total_2;
  logic signed [TotalWidth-1:0] total_q;

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
  // The increment is the carry into the lowest bit.
  assign total_2   = {TotalWidth'(floor_q), 1'b1} + {TotalWidth'(zero_point_i), increment};

  always_ff @(posedge clk_i) total_q <= total_2[TotalWidth:1];

  // Clamp.
  assign value_o = (total_q < TotalWidth'(low_i)) ? low_i
      : (total_q > TotalWidth'(high_i)) ? high_i : total_q[8:0];
endmodule
