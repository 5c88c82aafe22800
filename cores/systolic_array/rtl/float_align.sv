// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Aligns the activations of a slice: FP32 numbers become integers that share one exponent.
///
/// E is the largest biased exponent of the valid lanes (subnormals count as 1); every significand
/// gets two guard bits and is shifted right by E - e, rounded to nearest even. Lane i then
/// represents value_o[i] * 2^(exponent_o - 152). `special_o`: a valid lane is infinite or NaN.
///
/// An INT8 slice, whose lanes are integers already, comes three cycles later with `packed_i` alone. With
/// `zero_i` all lanes are zero.
///
/// Latency: 4 cycles, one slice per cycle. A stage advances while its bit of `enable_i` is high,
/// and otherwise keeps its contents.
module float_align
  import fp32_pkg::*;
#(
  parameter int unsigned ArraySize = 8
) (
  input  logic                       clk_i,
  input  logic [3:0]                 enable_i,
  input  logic [ArraySize-1:0]       lane_valid_i,
  input  logic [ArraySize-1:0][31:0] activation_i,
  // Three cycles later
  input  logic                       packed_i,
  input  logic                       zero_i,
  input  logic [ArraySize-1:0][26:0] integer_i,
  output logic [ArraySize-1:0][26:0] value_o,
  output logic [7:0]                 exponent_o,
  output logic                       special_o
);
  localparam int unsigned GroupLanes = 4;
  localparam int unsigned Groups     = (ArraySize + GroupLanes - 1) / GroupLanes;

  typedef struct packed {
    logic        sign;
    logic [7:0]  exponent;
    logic [23:0] significand;
  } lane_t;

  function automatic logic [7:0] larger(logic [7:0] a, logic [7:0] b);
    return (a > b) ? a : b;
  endfunction

  // Stage 1: unpack, and find the largest exponent of each group of lanes.
  logic [ArraySize-1:0]                   special;
  logic [Groups-1:0][GroupLanes-1:0][7:0] valid_fields;
  lane_t                                  lanes_q[ArraySize];
  logic [Groups-1:0][7:0]                 groups_q;
  logic                                   special_q;

  for (genvar i = 0; i < Groups * GroupLanes; i++) begin : gen_field
    if (i < ArraySize) begin : gen_lane
      assign valid_fields[i/GroupLanes][i%GroupLanes] =
          lane_valid_i[i] ? activation_i[i][30:23] : '0;
      assign special[i] = lane_valid_i[i] && activation_i[i][30:23] == 8'hff;
    end else begin : gen_no_lane
      assign valid_fields[i/GroupLanes][i%GroupLanes] = '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (enable_i[0]) begin
      special_q <= |special;
      for (int unsigned g = 0; g < Groups; g++) begin
        groups_q[g] <= larger(larger(valid_fields[g][0], valid_fields[g][1]),
                              larger(valid_fields[g][2], valid_fields[g][3]));
      end
      for (int unsigned i = 0; i < ArraySize; i++) begin
        lanes_q[i] <= '{
          sign: activation_i[i][31],
          exponent: exponent_of(activation_i[i][30:23]),
          significand: lane_valid_i[i] ? significand_of(activation_i[i][30:0]) : '0
        };
      end
    end
  end

  // Stage 2: the largest exponent of all groups, by a tree.
  localparam int unsigned Leaves = 2 ** $clog2(Groups);

  function automatic logic [7:0] largest(logic [Groups-1:0][7:0] exponents);
    logic [2*Leaves-1:1][7:0] node;  // node n has the nodes 2 n and 2 n + 1 below it

    node = '0;
    for (int unsigned g = 0; g < Groups; g++) node[Leaves+g] = exponents[g];
    for (int unsigned n = Leaves - 1; n > 0; n--) node[n] = larger(node[2*n+1], node[2*n]);
    return exponent_of(node[1]);
  endfunction

  lane_t      waiting_q[ArraySize];
  logic [7:0] largest_q;
  logic       waiting_special_q;

  always_ff @(posedge clk_i) begin
    if (enable_i[1]) begin
      largest_q         <= largest(groups_q);
      waiting_special_q <= special_q;
      waiting_q         <= lanes_q;
    end
  end

  // Stage 3: how far each lane lies below. Only lanes that are not valid can lie above; they are zero,
  // so their distance does not matter.
  typedef struct packed {
    logic        sign;
    logic [4:0]  distance;
    logic [23:0] significand;
  } placed_t;

  placed_t    placed_q[ArraySize];
  logic [7:0] exponent_q;
  logic       placed_special_q;

  always_ff @(posedge clk_i) begin
    if (enable_i[2]) begin
      exponent_q       <= largest_q;
      placed_special_q <= waiting_special_q;
      for (int unsigned i = 0; i < ArraySize; i++) begin
        placed_q[i] <= '{
          sign: waiting_q[i].sign,
          distance: places(largest_q - waiting_q[i].exponent),
          significand: waiting_q[i].significand
        };
      end
    end
  end

  // Stage 4: shift, round, negate.

  /// Value of a lane at the common exponent, or the integer instead.
  function automatic logic [26:0] aligned(
    placed_t lane, logic is_integer, logic [26:0] integer_value
  );
    logic [26:0] shifted;  // significand, 2 guard bits, and a round bit below them
    logic [26:0] number;
    logic [26:0] total;
    logic sticky, round_up;
    logic unused;  // takes in the carry

    {shifted, sticky} = shifted_right(lane.significand, lane.distance);
    round_up = shifted[0] & (shifted[1] | sticky);
    // -(x + r) is ~x + (1 - r).
    number   = is_integer ? integer_value : 27'(shifted[26:1]) ^ {27{lane.sign}};
    {total, unused} = {27'd0, 1'b1} + {number, !is_integer && (round_up ^ lane.sign)};
    return total;
  endfunction

  always_ff @(posedge clk_i) begin
    if (enable_i[3]) begin
      exponent_o <= exponent_q;
      special_o  <= placed_special_q;
      for (int unsigned i = 0; i < ArraySize; i++) begin
        value_o[i] <= aligned(placed_q[i], packed_i, integer_i[i]);
        if (zero_i) value_o[i] <= '0;
      end
    end
  end
endmodule
