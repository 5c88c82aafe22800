// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The store path's lanes for INT8 jobs: from the sums of a tile's columns to words of results.
///
/// `read_i` reads an accumulator entry: with it come the group of store_walker, its channels that exist
/// and whether the entry is its window's first; a cycle later come the sums. Multipliers and biases come
/// two cycles after it, offsets as well, the operand ten cycles after a window's last entry. Words of
/// results come 17 cycles after it.
module integer_lanes
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize  = 8,
  parameter  int unsigned PortWords  = 4,
  localparam int unsigned Lanes      = integer_channels(ArraySize, PortWords),
  localparam int unsigned Groups     = ArraySize / PortWords,
  localparam int unsigned GroupWidth = (Groups > 1) ? $clog2(Groups) : 1
) (
  input  logic                       clk_i,
  input  store_command_t             command_i,
  input  logic [3:0][31:0]           line_i,
  input  logic                       second_i,
  input  logic [GroupWidth-1:0]      group_i,
  input  logic [Lanes-1:0]           channels_i,
  input  logic                       read_i,
  input  logic                       first_i,
  input  logic [ArraySize-1:0][31:0] first_sum_i,
  input  logic [ArraySize-1:0][31:0] second_sum_i,
  input  logic [Lanes-1:0][31:0]     multiplier_i,
  input  logic [Lanes-1:0][31:0]     bias_i,
  input  logic [Lanes-1:0][31:0]     offset_i,
  input  logic [Lanes/4-1:0][31:0]   operand_i,
  output logic [Lanes/4-1:0][31:0]   value_o,
  // The table
  input  logic                       table_write_i,
  input  logic [4:0]                 table_entry_i,
  input  logic [63:0]                table_bytes_i
);
  // Groups of Lanes channels; the last one may not be full.
  localparam int unsigned Steps     = (ArraySize + Lanes - 1) / Lanes;
  localparam int unsigned StepWidth = (Steps > 1) ? $clog2(Steps) : 1;

  logic [StepWidth-1:0]       step_q;
  logic                       second_q;
  logic [1:0]                 read_q;
  logic [1:0]                 first_q;
  logic [1:0][Lanes-1:0]      channels_q;
  logic [ArraySize-1:0][31:0] sums;
  logic [Lanes-1:0][31:0]     sum_q;
  logic [Lanes-1:0][31:0]     multiplier_q;
  logic [Lanes-1:0][31:0]     offset_q;
  logic [Lanes-1:0][7:0]      operand;
  logic [Lanes-1:0][7:0]      value;

  assign sums    = second_q ? second_sum_i : first_sum_i;
  assign operand = operand_i;
  assign value_o = value;

  always_ff @(posedge clk_i) begin
    step_q       <= StepWidth'(32'(group_i) / (Lanes / PortWords));
    second_q     <= second_i;
    read_q       <= {read_q[0], read_i};
    first_q      <= {first_q[0], first_i};
    channels_q   <= {channels_q[0], channels_i};
    multiplier_q <= multiplier_i;
    offset_q     <= offset_i;
  end

  for (genvar i = 0; i < Lanes; i++) begin : gen_lane
    logic [Steps-1:0][31:0] choices;

    for (genvar s = 0; s < Steps; s++) begin : gen_choice
      assign choices[s] = sums[(s*Lanes+i)%ArraySize];
    end

    always_ff @(posedge clk_i) sum_q[i] <= choices[step_q];

    integer_lane u_lane (
      .clk_i,
      .command_i,
      .line_i,
      .valid_i      (read_q[1]),
      .first_i      (first_q[1]),
      .exists_i     (channels_q[1][i]),
      .sum_i        (sum_q[i]),
      .bias_i       (bias_i[i]),
      .multiplier_i (multiplier_q[i]),
      .offset_i     (offset_q[i]),
      .operand_i    (operand[i]),
      .value_o      (value[i]),
      .table_write_i,
      .table_entry_i,
      .table_bytes_i
    );
  end
endmodule
