// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Walks over the results of a job in the order in which they are stored: tiles, within them stored
/// positions row by row, within them groups of PortWords channels.
///
/// A tile behind the last channel is one empty step.
module store_walker
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize  = 8,
  parameter  int unsigned PortWords  = 4,
  localparam int unsigned Groups     = ArraySize / PortWords,
  localparam int unsigned GroupWidth = (Groups > 1) ? $clog2(Groups) : 1
) (
  input  logic                  clk_i,
  input  logic                  start_i,
  input  store_command_t        command_i,
  input  logic                  next_i,
  // The group
  output logic [GroupWidth-1:0] group_o,
  output logic [PortWords-1:0]  mask_o,
  output logic [31:0]           offset_o,  // bytes in memory, from the first result
  output logic                  empty_o,
  // It is the last one of its position, row, tile, job
  output logic                  position_end_o,
  output logic                  row_end_o,
  output logic                  tile_end_o,
  output logic                  last_o
);
  logic [15:0] tile_q;
  logic [15:0] row_q;
  logic [15:0] column_q;
  logic [31:0] channel_q;  // first of the tile
  logic [31:0] row_offset_q;
  logic [31:0] position_offset_q;
  logic [31:0] channels_left;

  assign channels_left = 32'(command_i.channels) - channel_q - 32'(group_o) * 32'(PortWords);
  assign empty_o       = channel_q >= 32'(command_i.channels);
  assign offset_o      = position_offset_q + 32'(group_o) * 32'(4 * PortWords);

  assign position_end_o = empty_o || group_o == GroupWidth'(Groups - 1)
      || channels_left <= 32'(PortWords);
  assign row_end_o  = empty_o || (position_end_o && column_q == command_i.columns - 16'd1);
  assign tile_end_o = empty_o || (row_end_o && row_q == command_i.rows - 16'd1);
  assign last_o     = tile_end_o && tile_q == command_i.tiles - 16'd1;

  always_comb begin
    for (int unsigned i = 0; i < PortWords; i++) mask_o[i] = !empty_o && 32'(i) < channels_left;
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      tile_q            <= '0;
      row_q             <= '0;
      column_q          <= '0;
      group_o           <= '0;
      channel_q         <= '0;
      row_offset_q      <= '0;
      position_offset_q <= '0;
    end else if (next_i) begin
      group_o <= position_end_o ? '0 : group_o + 1'b1;
      if (position_end_o) begin
        column_q          <= row_end_o ? '0 : column_q + 16'd1;
        position_offset_q <= position_offset_q + command_i.pitch_x;
      end
      if (row_end_o) begin
        row_q             <= tile_end_o ? '0 : row_q + 16'd1;
        row_offset_q      <= row_offset_q + command_i.pitch_y;
        position_offset_q <= row_offset_q + command_i.pitch_y;
      end
      if (tile_end_o) begin
        tile_q            <= tile_q + 16'd1;
        channel_q         <= channel_q + 32'(ArraySize);
        row_offset_q      <= (channel_q + 32'(ArraySize)) << 2;
        position_offset_q <= (channel_q + 32'(ArraySize)) << 2;
      end
    end
  end
endmodule
