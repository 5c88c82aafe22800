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
/// 16 bits, make other rules of rounding of this one. With `ties_even_i` halves become the even integer.
/// With `exceptions_i` the sums of one magnitude have a result that is one farther from zero, or one
/// nearer. A lower bound above the upper one is the result of whatever is below it.
///
/// Parameters come as they are in memory: bias with the sum, `multiplier_i` (shift and multiplier),
/// `offset_i` (below, above) and `exception_i` (farther, magnitude) a cycle later. Latency: 7 cycles, one
/// number per cycle.
module requantizer (
  input  logic               clk_i,
  input  logic signed [31:0] sum_i,
  input  logic signed [31:0] bias_i,
  input  logic        [31:0] multiplier_i,
  input  logic        [31:0] offset_i,
  input  logic        [31:0] exception_i,
  input  logic               ties_even_i,
  input  logic               exceptions_i,
  input  logic signed [ 7:0] zero_point_i,
  input  logic signed [ 7:0] low_i,
  input  logic signed [ 7:0] high_i,
  output logic signed [ 7:0] value_o
);
  localparam int unsigned XWidth   = 27;
  localparam int unsigned VWidth   = 54;
  localparam int unsigned Fixed    = 23;  // places of every shift, one less than the smallest
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
  logic signed [LowWidth:0]         multiplier_low;
  logic signed [26-LowWidth:0]      multiplier_high;
  logic signed [XWidth+LowWidth:0]  product_low_q;
  logic signed [XWidth+26-LowWidth:0] product_high_q;
  logic signed [15:0]               offset_q;
  logic [XWidth-1:0]                magnitude;
  logic                             is_exception;
  logic [4:0]                       shift_q;

  assign multiplier_low  = {1'b0, multiplier_i[LowWidth-1:0]};
  assign multiplier_high = {1'b0, multiplier_i[25:LowWidth]};
  assign magnitude       = x_q[XWidth-1] ? -x_q : x_q;
  assign is_exception    = exceptions_i && magnitude == exception_i[XWidth-1:0];

  // Whether the sum is an exception, and the direction in which it moves: up or down.
  logic [5:2] moves_q;
  logic [5:2] up_q;

  always_ff @(posedge clk_i) begin
    product_low_q  <= x_q * multiplier_low;
    product_high_q <= x_q * multiplier_high;
    offset_q       <= x_q[XWidth-1] ? offset_i[31:16] : offset_i[15:0];
    shift_q        <= multiplier_i[30:26] - 5'd24;
    moves_q        <= {moves_q[4:2], is_exception};
    up_q           <= {up_q[4:2], exception_i[31] != x_q[XWidth-1]};
  end

  // Stage 3: their sum.
  logic signed [VWidth-1:0] v_q;
  logic        [4:0]        late_shift_q;

  always_ff @(posedge clk_i) begin
    v_q <= VWidth'(product_low_q) + (VWidth'(product_high_q) <<< LowWidth)
        + (VWidth'(offset_q) <<< 15);
    late_shift_q <= shift_q;
  end

  // Stage 4: shift by multiples of eight. Whatever is lost decides on ties.
  localparam int unsigned UWidth = VWidth - Fixed;

  logic signed [UWidth-1:0] u;
  logic signed [UWidth-1:0] coarse_q;
  logic                     lost_q;
  logic        [2:0]        fine_q;

  assign u = v_q[VWidth-1:Fixed];

  always_ff @(posedge clk_i) begin
    coarse_q <= u >>> {late_shift_q[4:3], 3'b000};
    lost_q   <= v_q[Fixed-1:0] != '0 || (u & ~({UWidth{1'b1}} << {late_shift_q[4:3], 3'b000})) != '0;
    fine_q   <= late_shift_q[2:0];
  end

  // Stage 5: shift by the rest, to one bit behind the point; limited to what is clamped in any case.
  localparam int unsigned TWidth = 11;

  logic signed [UWidth-1:0] fine;
  logic                     in_range;
  logic signed [TWidth-1:0] t_q;
  logic                     exact_q;

  assign fine     = coarse_q >>> fine_q;
  assign in_range = fine[UWidth-1:TWidth-1] == '0 || fine[UWidth-1:TWidth-1] == '1;

  always_ff @(posedge clk_i) begin
    t_q     <= in_range ? fine[TWidth-1:0] : {fine[UWidth-1], {(TWidth - 1) {!fine[UWidth-1]}}};
    exact_q <= !lost_q && (coarse_q[6:0] & ~(7'h7f << fine_q)) == '0;
  end

  // Stage 6: round.
  logic                     increment;
  logic signed [TWidth-1:0] q_q;

  assign increment = t_q[0] && !(ties_even_i && exact_q && !t_q[1]);

  always_ff @(posedge clk_i) begin
    q_q <= (t_q >>> 1) + $signed(TWidth'(increment))
        + (moves_q[5] ? (up_q[5] ? TWidth'(1) : {TWidth{1'b1}}) : '0);
  end

  // Stage 7: zero point and clamp.
  logic signed [TWidth-1:0] total;

  assign total = q_q + TWidth'(zero_point_i);

  always_ff @(posedge clk_i) begin
    value_o <= (total < TWidth'(low_i)) ? low_i : (total > TWidth'(high_i)) ? high_i : total[7:0];
  end
endmodule
