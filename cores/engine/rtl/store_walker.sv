// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Walks over the results of a job in the order in which they are stored: tiles, within them stored
/// positions row by row, within them groups of PortWords channels, or of StoreWords if `wide_i`. Of an
/// INT8 job groups have IntegerLanes channels, and the positions of a pair come after each other.
///
/// A tile behind the last channel is one empty step.
module store_walker
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize  = 8,
  parameter  int unsigned PortWords  = 4,
  parameter  int unsigned StoreWords = 4,
  parameter  bit          Int8       = 1'b1,
  localparam int unsigned Groups     = ArraySize / PortWords,
  localparam int unsigned GroupWidth = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int unsigned WordWidth  = $clog2(StoreWords + 1),
  localparam int unsigned IntegerLanes = integer_channels(ArraySize, PortWords),
  localparam int unsigned ColumnWidth = $clog2(ArraySize + 1)
) (
  input  logic                  clk_i,
  input  logic                  start_i,
  input  store_command_t        command_i,
  input  logic                  wide_i,
  input  logic                  next_i,
  // The group: of a pair's second position, the number of its first PortWords channels, its number of
  // channels and of words
  output logic                  second_o,
  output logic [GroupWidth-1:0] group_o,
  output logic [ColumnWidth-1:0] channels_o,
  output logic [ WordWidth-1:0] words_o,
  output logic [StoreWords-1:0] mask_o,
  output logic [31:0]           offset_o,  // bytes in memory, from the first result
  output logic                  empty_o,
  // It is the last one of its position (of both positions of a pair), row, tile, job
  output logic                  position_end_o,
  output logic                  row_end_o,
  output logic                  tile_end_o,
  output logic                  last_o
);
  logic [           15:0] tile_q;
  logic [           15:0] row_q;
  logic [           15:0] column_q;
  logic [           15:0] channels_q;  // not stored yet, with those of the tile
  logic [ColumnWidth-1:0] left_q;  // channels of the position that are not stored yet
  logic [           31:0] tile_offset_q;
  logic [           31:0] row_offset_q;
  logic [           31:0] position_offset_q;

  /// Channels of a tile, if so many are left.
  function automatic logic [ColumnWidth-1:0] of_tile(logic [15:0] channels);
    return (channels < 16'(ArraySize)) ? ColumnWidth'(channels) : ColumnWidth'(ArraySize);
  endfunction

  logic [ColumnWidth-1:0] width;
  logic [           15:0] next_channels;
  logic [           31:0] next_tile_offset;
  logic [           31:0] group_bytes;
  logic                   integers;
  logic                   group_end;

  assign integers         = Int8 && command_i.int8;
  assign width            = integers ? ColumnWidth'(IntegerLanes)
      : wide_i ? ColumnWidth'(StoreWords) : ColumnWidth'(PortWords);
  assign next_channels    = (channels_q < 16'(ArraySize)) ? '0 : channels_q - 16'(ArraySize);
  assign next_tile_offset = tile_offset_q + (integers ? 32'(ArraySize) : 32'(4 * ArraySize));
  assign group_bytes      = 32'(group_o) * (integers ? 32'(PortWords) : 32'(4 * PortWords));

  assign empty_o  = channels_q == '0;
  assign offset_o = position_offset_q + group_bytes
      + ((Int8 && second_o) ? command_i.pair_bytes : '0);

  assign group_end      = left_q <= width;
  assign position_end_o = group_end && (!Int8 || !command_i.pairs || second_o);
  assign row_end_o      = empty_o || (position_end_o && column_q == command_i.columns - 16'd1);
  assign tile_end_o     = empty_o || (row_end_o && row_q == command_i.rows - 16'd1);
  assign last_o         = tile_end_o && tile_q == command_i.tiles - 16'd1;

  assign channels_o = group_end ? left_q : width;
  assign words_o    = integers ? WordWidth'((32'(channels_o) + 3) >> 2) : WordWidth'(channels_o);

  always_comb begin
    for (int unsigned i = 0; i < StoreWords; i++) mask_o[i] = WordWidth'(i) < words_o;
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      tile_q            <= '0;
      row_q             <= '0;
      column_q          <= '0;
      group_o           <= '0;
      second_o          <= 1'b0;
      channels_q        <= command_i.channels;
      left_q            <= of_tile(command_i.channels);
      tile_offset_q     <= '0;
      row_offset_q      <= '0;
      position_offset_q <= '0;
    end else if (next_i) begin
      if (!group_end) begin
        group_o <= group_o + (integers ? GroupWidth'(IntegerLanes / PortWords)
            : wide_i ? GroupWidth'(StoreWords / PortWords) : GroupWidth'(1));
        left_q  <= left_q - width;
      end else if (!position_end_o) begin
        group_o  <= '0;
        second_o <= 1'b1;
        left_q   <= of_tile(channels_q);
      end else begin
        group_o           <= '0;
        second_o          <= 1'b0;
        left_q            <= of_tile(channels_q);
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
        channels_q        <= next_channels;
        left_q            <= of_tile(next_channels);
        tile_offset_q     <= next_tile_offset;
        row_offset_q      <= next_tile_offset;
        position_offset_q <= next_tile_offset;
      end
    end
  end
endmodule
