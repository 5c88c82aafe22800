// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Aligns the activations of a slice: FP32 numbers become integers that share one exponent.
///
/// E is the largest biased exponent of the valid lanes (subnormals count as 1); every significand
/// gets two guard bits and is shifted right by E - e, rounded to nearest even. Lane i then
/// represents value_o[i] * 2^(exponent_o - 152). `special_o`: a valid lane is infinite or NaN.
///
/// A slice of INT8 numbers comes a cycle later, with `packed_i` alone: two in a lane, which become
/// second * 2^18 + first. With `zero_i` all lanes are zero.
///
/// Latency: 2 cycles, one slice per cycle. A stage advances while its bit of `enable_i` is high,
/// and otherwise keeps its contents.
module float_align
  import fp32_pkg::*;
#(
  parameter int unsigned ArraySize = 8
) (
  input  logic                       clk_i,
  input  logic [1:0]                 enable_i,
  input  logic [ArraySize-1:0]       lane_valid_i,
  input  logic [ArraySize-1:0][31:0] activation_i,
  // A cycle later
  input  logic                       packed_i,
  input  logic                       zero_i,
  input  logic [ArraySize-1:0][7:0]  first_i,
  input  logic [ArraySize-1:0][7:0]  second_i,
  output logic [ArraySize-1:0][26:0] value_o,
  output logic [7:0]                 exponent_o,
  output logic                       special_o
);
  typedef struct packed {
    logic        sign;
    logic [7:0]  exponent;
    logic [23:0] significand;
  } lane_t;

  // Stage 1: unpack, and find the largest exponent.

  /// Largest biased exponent of the valid lanes.
  function automatic logic [7:0] largest_exponent(
    logic [ArraySize-1:0] valid, logic [ArraySize-1:0][7:0] fields
  );
    largest_exponent = 8'd1;
    for (int unsigned i = 0; i < ArraySize; i++) begin
      if (valid[i] && fields[i] > largest_exponent) largest_exponent = fields[i];
    end
  endfunction

  logic [ArraySize-1:0][7:0] fields;
  logic [ArraySize-1:0] special;
  lane_t lanes_q[ArraySize];
  logic [7:0] largest_q;
  logic special_q;

  for (genvar i = 0; i < ArraySize; i++) begin : gen_field
    assign fields[i]  = activation_i[i][30:23];
    assign special[i] = lane_valid_i[i] && fields[i] == 8'hff;
  end

  always_ff @(posedge clk_i) begin
    if (enable_i[0]) begin
      largest_q <= largest_exponent(lane_valid_i, fields);
      special_q <= |special;
      for (int unsigned i = 0; i < ArraySize; i++) begin
        lanes_q[i] <= '{
    sign: activation_i[i][31],
    exponent: exponent_of(fields[i]),
    significand: lane_valid_i[i] ? significand_of(activation_i[i][30:0]) : '0
        };
      end
    end
  end

  // Stage 2: shift, round, negate.

  // A number, and 1 or -2^18 to be added to it, in one adder.
  typedef struct packed {
    logic [26:0] number;
    logic        increment;
    logic        borrow;
  } sum_t;

  /// Value of a lane at the common exponent. Only invalid lanes can exceed it; they are zero, so
  /// their distance does not matter.
  function automatic sum_t aligned(lane_t lane, logic [7:0] common);
    logic [7:0] distance;
    logic [4:0] shift;
    logic [26:0] extended;  // significand, 2 guard bits, and a round bit below them
    logic [26:0] shifted, lost;
    logic round_up;

    // From 27 places on, the value is below one half, and so it is with a shift of 28.
    distance = common - lane.exponent;
    shift    = (distance > 8'd28) ? 5'd28 : distance[4:0];
    extended = {lane.significand, 3'b000};
    shifted  = extended >> shift;
    lost     = extended & ~(27'h7ffffff << shift);
    round_up = shifted[0] & (shifted[1] | (|lost));
    // -(x + r) is ~x + (1 - r).
    return '{
      number: 27'(shifted[26:1]) ^ {27{lane.sign}},
      increment: round_up ^ lane.sign,
      borrow: 1'b0
    };
  endfunction

  /// Two INT8 numbers: the first one's sign goes through all bits of the second one.
  function automatic sum_t pair(logic [7:0] first, logic [7:0] second);
    return '{
      number: {second[7], second, {10{first[7]}}, first},
      increment: 1'b0,
      borrow: first[7]
    };
  endfunction

  function automatic logic [26:0] total(sum_t sum);
    logic [27:0] sum_2;

    sum_2 = {sum.number, 1'b1} + {{9{sum.borrow}}, 18'd0, sum.increment};
    return sum_2[27:1];
  endfunction

  always_ff @(posedge clk_i) begin
    if (enable_i[1]) begin
      exponent_o <= largest_q;
      special_o  <= special_q;
      for (int unsigned i = 0; i < ArraySize; i++) begin
        value_o[i] <= total(
            packed_i ? pair(first_i[i], second_i[i]) : aligned(lanes_q[i], largest_q));
        if (zero_i) value_o[i] <= '0;
      end
    end
  end
endmodule
