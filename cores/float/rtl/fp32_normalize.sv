// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Converts an integer and an exponent to an FP32 number, rounded once to nearest even.
///
/// The magnitude of `number_i`, which is negative if `negative_i`, is that of the result times
/// 2^(127 + Width - 1 - exponent): `room_i` is the biased exponent that the result would have if the
/// magnitude's top bit were set, less one, so it is never below zero. Underflow is gradual, overflow
/// gives infinity, NaN is always 0x7fc00000. The result's sign is `sign_i`; of zero it is positive
/// if `cancelled_i`.
///
/// Latency: 2 cycles, one result per cycle. A stage advances while its bit of `enable_i` is high,
/// and otherwise keeps its contents.
module fp32_normalize
  import fp32_pkg::*;
#(
  /// Width - Margin is from 26 to 63.
  parameter int unsigned Width  = 40,
  /// Bits at the top that are always zero: so far a number may be shifted to the right.
  parameter int unsigned Margin = 0,
  /// Zeros that may follow them, in a number that the room does not allow to be shifted less.
  parameter int unsigned MostZeros = Width - Margin
) (
  input  logic             clk_i,
  input  logic [1:0]       enable_i,
  input  logic             sign_i,
  input  logic             cancelled_i,
  input  logic             negative_i,
  input  logic [Width-1:0] number_i,
  input  logic [8:0]       room_i,
  input  logic             infinity_i,
  input  logic             nan_i,
  output logic [31:0]      result_o
);
  localparam int unsigned ShiftWidth = $clog2(Margin + MostZeros + 1);
  localparam int unsigned LowBits    = Width - 25;  // below the round bit

  typedef struct packed {
    logic                  sign;
    logic                  negative;
    logic [Width-1:0]      number;
    logic [ShiftWidth-1:0] shift;
    logic [8:0]            room;
    logic                  infinity;
    logic                  nan;
  } normal_t;

  /// How far the number is shifted to the left: until its first digit is at the top, or its exponent
  /// is the smallest. The digits of a negative number are inverted, without adding 1: of a power of
  /// two this is one place further, which rounding makes good.
  function automatic logic [ShiftWidth-1:0] places(logic [6:0] zeros, logic [8:0] room);
    return ShiftWidth'((room < 9'(zeros)) ? room[6:0] : zeros);
  endfunction

  logic [63:0] digits;
  normal_t     normal_q;

  // A one behind the last digit that counts is first where all of them are zeros: those of minus
  // one, inverted.
  assign digits = 64'({number_i[Width-Margin-1-:MostZeros] ^ {MostZeros{negative_i}}, 1'b1})
      << (63 - MostZeros);

  // Stage 1: how far to shift.
  always_ff @(posedge clk_i) begin
    if (enable_i[0]) begin
      normal_q <= '{
          sign: sign_i && !(cancelled_i && number_i == '0),
          negative: negative_i,
          number: number_i,
          shift: places(7'(leading_zeros(digits)) + 7'(Margin), room_i),
          room: room_i,
          infinity: infinity_i,
          nan: nan_i
      };
    end
  end

  // Stage 2: shifts, rounds, packs. A negative number's digits are inverted behind the shift. As 1
  // is missing to its magnitude, all its digits being ones means zeros with a carry: then none of
  // the bits below the round bit is one, before they are inverted.
  logic [Width-1:0] shifted;  // no digits below the round bit are left
  logic [23:0]      significand;
  logic             half;
  logic             rest;  // a one below the round bit
  logic             round_up;
  logic [8:0]       field;
  logic [30:0]      magnitude;
  logic             unused;  // takes in the carry

  always_comb begin
    shifted = normal_q.number;
    rest    = 1'b0;
    for (int k = ShiftWidth - 1; k >= 0; k--) begin
      logic [Width-1:0] lower;  // digits that further steps do not bring up to the round bit

      lower = ~('1 << (LowBits + 1 > 2 ** k ? LowBits + 1 - 2 ** k : 0));
      if (normal_q.shift[k]) begin
        shifted = shifted << 2 ** k;
      end else begin
        rest   |= (shifted & lower) != '0;
        shifted = shifted & ~lower;
      end
    end
  end

  assign significand = shifted[Width-1-:24] ^ {24{normal_q.negative}};
  assign half        = shifted[Width-25] ^ normal_q.negative;
  assign round_up    = normal_q.negative ? half || (!rest && significand[0])
                                         : half && (rest || significand[0]);

  // The hidden bit adds the missing 1 to the exponent field; a carry from rounding does the same.
  assign field    = normal_q.room - 9'(normal_q.shift);
  assign {magnitude, unused} = {field[7:0] & {8{significand[23]}}, 23'd0, 1'b1}
      + {7'd0, significand, round_up};

  always_ff @(posedge clk_i) begin
    if (enable_i[1]) begin
      result_o <= {normal_q.sign, magnitude};
      if (normal_q.nan || normal_q.infinity || (significand[23] && field >= 9'd254)) begin
        result_o[30:0] <= {8'hff, normal_q.nan, 22'd0};
        result_o[31]   <= normal_q.sign && !normal_q.nan;
      end
    end
  end

`ifndef SYNTHESIS
  initial begin
    assert (2 ** ShiftWidth > LowBits)
    else $fatal(1, "digits are dropped before the first step of the shift");
  end
`endif
endmodule
