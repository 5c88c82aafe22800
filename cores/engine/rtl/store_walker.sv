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
  input  logic [31:0]           base_i,  // address of the first result
  input  logic                  wide_i,
  input  logic                  next_i,
  // The group: of a pair's second position, the number of its first PortWords channels, its number of
  // channels and of words
  output logic                  second_o,
  output logic [GroupWidth-1:0] group_o,
  output logic [ColumnWidth-1:0] channels_o,
  output logic [ WordWidth-1:0] words_o,
  output logic [StoreWords-1:0] mask_o,
  output logic [31:0]           address_o,
  output logic                  empty_o,
  output ends_t                 ends_o,
  output logic                  last_o
);
  logic                   last_tile;
  logic                   last_row;
  logic                   last_column;
  logic [           15:0] behind_q;  // channels behind the tile
  logic [ColumnWidth-1:0] left_q;  // channels of the position that are not stored yet
  logic [           31:0] tile_address_q;
  logic [           31:0] row_address_q;
  logic [           31:0] position_address_q;

  /// Channels of a tile, if so many are left.
  function automatic logic [ColumnWidth-1:0] of_tile(logic [15:0] channels);
    return (channels < 16'(ArraySize)) ? ColumnWidth'(channels) : ColumnWidth'(ArraySize);
  endfunction

  /// Channels behind a tile, if so many are left with it.
  function automatic logic [15:0] behind(logic [15:0] channels);
    return (channels < 16'(ArraySize)) ? '0 : channels - 16'(ArraySize);
  endfunction

  logic [ColumnWidth-1:0] width;
  logic [ColumnWidth-1:0] of_this_q;  // channels of the tile
  logic [           31:0] next_tile_address;
  logic [           31:0] group_bytes;
  logic                   integers;
  logic                   group_end;

  assign integers          = Int8 && command_i.int8;
  assign width             = integers ? ColumnWidth'(IntegerLanes)
      : wide_i ? ColumnWidth'(StoreWords) : ColumnWidth'(PortWords);
  assign next_tile_address = tile_address_q + (integers ? 32'(ArraySize) : 32'(4 * ArraySize));
  assign group_bytes       = 32'(group_o) * (integers ? 32'(PortWords) : 32'(4 * PortWords));

  assign address_o = position_address_q + group_bytes
      + ((Int8 && second_o) ? command_i.pair_bytes : '0);

  assign ends_o.position = group_end && (!Int8 || !command_i.pairs || second_o);
  assign ends_o.row      = empty_o || (ends_o.position && last_column);
  assign ends_o.tile     = empty_o || (ends_o.position && last_column && last_row);
  assign last_o          = ends_o.tile && last_tile;

  // Each loop begins anew with the one around it.
  loop_counter u_columns (
    .clk_i,
    .step_i (start_i || (next_i && (ends_o.position || ends_o.row))),
    .begin_i(start_i || ends_o.row),
    .turns_i(command_i.columns),
    .last_o (last_column)
  );

  loop_counter u_rows (
    .clk_i,
    .step_i (start_i || (next_i && ends_o.row)),
    .begin_i(start_i || ends_o.tile),
    .turns_i(command_i.rows),
    .last_o (last_row)
  );

  loop_counter u_tiles (
    .clk_i,
    .step_i (start_i || (next_i && ends_o.tile)),
    .begin_i(start_i),
    .turns_i(command_i.tiles),
    .last_o (last_tile)
  );

  assign channels_o = group_end ? left_q : width;
  assign words_o    = integers ? WordWidth'((32'(channels_o) + 3) >> 2) : WordWidth'(channels_o);

  always_comb begin
    for (int unsigned i = 0; i < StoreWords; i++) mask_o[i] = WordWidth'(i) < words_o;
  end

  // Channels that are left in the next cycle; whether they are one group is known by then.
  logic [ColumnWidth-1:0] left;

  always_comb begin
    left = left_q - width;
    if (group_end) left = of_this_q;
    if (ends_o.tile) left = of_tile(behind_q);
    if (start_i) left = of_tile(command_i.channels);
  end

  always_ff @(posedge clk_i) begin
    if (start_i || next_i) begin
      left_q    <= left;
      group_end <= left <= width;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      group_o            <= '0;
      second_o           <= 1'b0;
      behind_q           <= behind(command_i.channels);
      of_this_q          <= of_tile(command_i.channels);
      empty_o            <= 1'b0;
      tile_address_q     <= base_i;
      row_address_q      <= base_i;
      position_address_q <= base_i;
    end else if (next_i) begin
      group_o <= group_o + (integers ? GroupWidth'(IntegerLanes / PortWords)
          : wide_i ? GroupWidth'(StoreWords / PortWords) : GroupWidth'(1));
      if (group_end) begin
        group_o  <= '0;
        second_o <= 1'b1;
      end
      if (ends_o.position) begin
        second_o           <= 1'b0;
        position_address_q <= position_address_q + command_i.pitch_x;
      end
      if (ends_o.row) begin
        row_address_q      <= row_address_q + command_i.pitch_y;
        position_address_q <= row_address_q + command_i.pitch_y;
      end
      if (ends_o.tile) begin
        second_o           <= 1'b0;
        behind_q           <= behind(behind_q);
        of_this_q          <= of_tile(behind_q);
        empty_o            <= behind_q == '0;
        tile_address_q     <= next_tile_address;
        row_address_q      <= next_tile_address;
        position_address_q <= next_tile_address;
      end
    end
  end
endmodule
