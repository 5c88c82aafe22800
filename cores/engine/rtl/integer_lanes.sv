// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The store path's lanes for INT8 jobs: from the sums of a tile's columns to words of results.
///
/// `read_i` reads an accumulator entry: with it come the group of store_walker, its channels that exist
/// and whether the entry is its window's first; a cycle later come the sums and their biases, two cycles
/// later multipliers and offsets, and eight cycles after a window's last entry the operand. Words of
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
  // From the read to the requantised number, and to the table.
  localparam int unsigned ValueDelay = 7;
  localparam int unsigned TableDelay = 13;

  logic [StepWidth-1:0]             step_q;
  logic                             second_q;
  logic [ValueDelay-1:0]            read_q;
  logic [ValueDelay-1:0]            first_q;
  logic [TableDelay-1:0][Lanes-1:0] channels_q;
  logic [ArraySize-1:0][31:0]       sums;
  logic [Lanes-1:0][7:0]            operand;
  logic [Lanes-1:0][7:0]            value;
  logic [7:0]                       zero_point;
  logic [7:0]                       low;
  logic [7:0]                       high;

  assign sums    = second_q ? second_sum_i : first_sum_i;
  assign operand = operand_i;
  assign value_o = value;

  always_ff @(posedge clk_i) begin
    step_q     <= StepWidth'(32'(group_i) / (Lanes / PortWords));
    second_q   <= second_i;
    read_q     <= {read_q[ValueDelay-2:0], read_i};
    first_q    <= {first_q[ValueDelay-2:0], first_i};
    channels_q <= {channels_q[TableDelay-2:0], channels_i};
  end

  // What is added to something else has a zero point and bounds of its own before that.
  assign zero_point = command_i.residual ? line_i[3][7:0] : command_i.zero_point;
  assign low        = command_i.residual ? line_i[3][23:16] : command_i.integer_low;
  assign high       = command_i.residual ? line_i[3][31:24] : command_i.integer_high;

  for (genvar i = 0; i < Lanes; i++) begin : gen_lane
    logic [Steps-1:0][31:0] choices;

    for (genvar s = 0; s < Steps; s++) begin : gen_choice
      assign choices[s] = sums[(s*Lanes+i)%ArraySize];
    end

    integer_lane u_lane (
      .clk_i,
      .command_i,
      .line_i,
      .zero_point_i (zero_point),
      .low_i        (low),
      .high_i       (high),
      .valid_i      (read_q[ValueDelay-1]),
      .first_i      (first_q[ValueDelay-1]),
      .exists_i     (channels_q[TableDelay-1][i]),
      .sum_i        (choices[step_q]),
      .bias_i       (bias_i[i]),
      .multiplier_i (multiplier_i[i]),
      .offset_i     (offset_i[i]),
      .operand_i    (operand[i]),
      .value_o      (value[i]),
      .table_write_i,
      .table_entry_i,
      .table_bytes_i
    );
  end
endmodule
