// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Makes an INT8 number of an INT32 sum: bias, multiplication by a real number, rounding, zero
/// point, clamp. In other cycles it adds two INT8 numbers, by the same adders and shifter.
///
///     x = sum + bias
///     v = x * multiplier
///     or v = (value * bias + operand * multiplier) * 2^8
///     q = floor((v + (v < 0 ? below : above) * 2^16) / 2^(30 + 7 shift) + 1/2)
///
/// A multiplier has 32 bits, 26 in additions. Offsets, above zero from -2^14 to 3 * 2^14 - 1, below
/// it the other way round, make other rules of rounding of this one. With `ties_even_i` the quotient
/// is rounded as by FP32, to 24 bits first: whatever is less than half a unit of its last bit away
/// from the middle between two integers, or just that much below it, becomes the even one of them.
/// An x of more than 27 bits becomes the bound on its side. A lower bound above the upper one is the
/// result of whatever is below it.
///
/// Parameters come as they are in memory: `bias_i`, below the two bits of the shift, with the sum,
/// `multiplier_i` a cycle later, and `offset_i` (below, above) two cycles later. Additions have
/// zero for the sum, by `no_sum_i`, and a bias of 26 bits; `value_i` and `operand_i` come a cycle
/// later, when `addition_i` tells that there are such. `zero_point_i` and `ties_even_i` are those
/// of the fourth stage, the bounds those of the result. Latency: 4 cycles, one number per cycle.
module requantizer (
  input  logic               clk_i,
  input  logic        [31:0] sum_i,
  input  logic               no_sum_i,
  input  logic        [31:0] bias_i,
  input  logic        [31:0] multiplier_i,
  input  logic        [31:0] offset_i,
  // Additions
  input  logic               addition_i,
  input  logic signed [ 8:0] value_i,
  input  logic signed [ 8:0] operand_i,
  // Rounding and clamp
  input  logic               ties_even_i,
  input  logic signed [ 7:0] zero_point_i,
  input  logic signed [ 8:0] low_i,
  input  logic signed [ 8:0] high_i,
  output logic signed [ 8:0] value_o
);
  localparam int unsigned XWidth   = 27;
  localparam int unsigned MWidth   = 32;
  localparam int unsigned VWidth   = XWidth + MWidth;
  localparam int unsigned LowWidth = 17;  // of the multiplier, so that a DSP holds each product
  localparam int unsigned Scale    = 8;  // of additions

  // Stage 1: bias. The sums of this module that are written as differences are so for Yosys, which
  // then takes what chooses the subtrahend into the adder's LUTs.
  logic        [31:0]       sum;
  logic signed [33:0]       biased_2;
  logic signed [32:0]       biased;
  logic signed [XWidth-1:0] x_q;
  logic        [1:0]        beyond_q;  // 27 bits
  logic        [1:0]        negative_q;
  logic        [1:0][1:0]   shift_q;

  assign sum      = no_sum_i ? '0 : sum_i;
  assign biased_2 = {{3{bias_i[29]}}, bias_i[29:0], 1'b0} - {~sum[31], ~sum, 1'b1};
  assign biased   = biased_2[33:1];

  always_ff @(posedge clk_i) begin
    x_q        <= biased[XWidth-1:0];
    beyond_q   <= {beyond_q[0], biased[32:XWidth-1] != '0 && biased[32:XWidth-1] != '1};
    negative_q <= {negative_q[0], biased[32]};
    shift_q    <= {shift_q[0], bias_i[31:30]};
  end

  // Stage 2: products, and their sum.
  logic signed [LowWidth:0]               by;
  logic signed [MWidth-LowWidth:0]        by_high;
  logic signed [XWidth+LowWidth:0]        product;
  logic signed [XWidth+MWidth-LowWidth:0] product_high;
  logic signed [26+9:0]                   operand_product;
  logic signed [VWidth-1:Scale]           other;
  logic signed [VWidth-Scale:0]           v_2;
  logic signed [VWidth-1:0]               v_q;

  assign by              = addition_i ? (LowWidth + 1)'($signed({value_i, Scale'(0)}))
      : {1'b0, multiplier_i[LowWidth-1:0]};
  assign by_high         = {1'b0, multiplier_i[MWidth-1:LowWidth]};
  assign product         = x_q * by;
  assign product_high    = x_q * by_high;
  assign operand_product = operand_i * $signed({1'b0, multiplier_i[25:0]});
  assign other           = addition_i ? (VWidth - Scale)'(operand_product)
      : (VWidth - Scale)'(product_high) <<< (LowWidth - Scale);
  assign v_2             = {(VWidth - Scale)'(product >>> Scale), 1'b0} - {~other, 1'b1};

  always_ff @(posedge clk_i) v_q <= {v_2[VWidth-Scale:1], product[Scale-1:0]};

  // Stage 3: offset; shift.
  localparam int unsigned Unit     = 16;  // offsets are multiples of 2^Unit
  localparam int unsigned QWidth   = 9;  // what has more bits is clamped in any case
  localparam int unsigned Fraction = 25;  // bits
  localparam int unsigned Shortest = 30;
  localparam int unsigned Step     = 7;

  logic        [15:0]            below;
  logic        [15:0]            above;
  logic signed [16:0]            offset;
  logic        [VWidth-Unit+1:0] u_2;
  logic signed [VWidth:0]        u;
  logic        [1:0]             shift;
  logic                          in_range;
  logic                          sign;
  logic signed [QWidth-1:0]      floor_q;
  logic        [Fraction-1:0]    fraction_q;
  logic        [1:0]             clamped_q;
  logic        [1:0]             sign_q;

  assign {below, above} = offset_i;
  assign offset  = v_q[VWidth-1] ? {|below[15:14], below} : {&above[15:14], above};
  assign u_2     = {v_q[VWidth-1], v_q[VWidth-1:Unit], 1'b0}
      - {~(VWidth - Unit + 1)'(offset), 1'b1};
  assign u       = {u_2[VWidth-Unit+1:1], v_q[Unit-1:0]};
  assign shift   = shift_q[1];
  assign sign    = beyond_q[1] ? negative_q[1] : u[VWidth];

  // The bits that are kept, for each shift, and whether those above them, up to the ones that the
  // next shift keeps, are the sign.
  logic [3:0][QWidth+Fraction-1:0] kept;
  logic [3:0]                      same;

  for (genvar i = 0; i < 4; i++) begin : gen_shift
    localparam int unsigned Lowest = Shortest + Step * i - Fraction;
    localparam int unsigned Above  = Lowest + QWidth + Fraction - 1;
    localparam int unsigned End    = (i == 3) ? VWidth + 1 : Above + Step;

    assign kept[i] = (QWidth + Fraction)'(u >>> Lowest);
    assign same[i] = u[End-1:Above] == {(End - Above) {u[VWidth]}};
  end

  always_comb begin
    in_range = !beyond_q[1];
    for (int unsigned i = 0; i < 4; i++) begin
      if (shift <= 2'(i)) in_range &= same[i];
    end
  end

  always_ff @(posedge clk_i) begin
    {floor_q, fraction_q} <= kept[shift];
    clamped_q             <= {clamped_q[0], !in_range};
    sign_q                <= {sign_q[0], sign};
  end

  // Stage 4: round, and add the zero point. 24 bits of a number between 2^e and 2^(e+1) reach to
  // the bit 2^(e-23), and half of that is bit e + 1 of the fraction. Below 1, e is -1.
  localparam int unsigned TotalWidth = QWidth + 1;

  logic [7:0]          magnitude;  // of numbers below zero less one
  logic [8:0]          matters;  // of the fraction's lowest bits: from half of the last bit on
  logic [Fraction-2:0] rest;  // of the fraction: which bits differ from its upper one
  logic                half;
  logic                near;
  logic                increment;
  logic signed [TotalWidth:0]   total_2;
  logic signed [TotalWidth-1:0] total_q;

  assign magnitude = floor_q[7:0] ^ {8{floor_q[QWidth-1]}};
  assign half      = fraction_q[Fraction-1];
  assign rest      = fraction_q[Fraction-2:0] ^ {(Fraction - 1) {half}};

  always_comb begin
    matters[8] = 1'b1;
    for (int unsigned i = 0; i < 8; i++) matters[i] = (magnitude >> i) == '0;
  end

  assign near      = &rest[Fraction-2:9] && (rest[8:0] | ~matters) == '1;
  assign increment = (ties_even_i && near) ? floor_q[0] : half;
  // The increment is the carry into the lowest bit.
  assign total_2   = {TotalWidth'(floor_q), 1'b1} + {TotalWidth'(zero_point_i), increment};

  always_ff @(posedge clk_i) total_q <= total_2[TotalWidth:1];

  // Clamp.
  logic too_low;
  logic too_high;

  assign too_low  = clamped_q[1] ? sign_q[1] : total_q < TotalWidth'(low_i);
  assign too_high = clamped_q[1] || total_q > TotalWidth'(high_i);
  assign value_o  = too_low ? low_i : too_high ? high_i : total_q[8:0];
endmodule
