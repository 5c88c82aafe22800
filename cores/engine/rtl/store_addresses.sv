// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Which accumulator entry is read next, and where in the activation buffer the result goes.
///
/// A result is the largest of a window of entries, which are read row by row. `step_i` goes on to the next
/// group of results of store_walker, whose position in the loops comes with it: a position's first
/// group is stepped over with the last read of its window, the others without a read. Of an INT8 job
/// each group reads the window.
module store_addresses
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize  = 8,
  parameter  int unsigned PortWords  = 4,
  parameter  int unsigned EntryWidth = 10,
  parameter  bit          Int8       = 1'b1,
  localparam int unsigned Groups     = ArraySize / PortWords,
  localparam int unsigned GroupWidth = (Groups > 1) ? $clog2(Groups) : 1
) (
  input  logic                  clk_i,
  input  logic                  start_i,
  input  store_command_t        command_i,
  input  logic                  read_i,
  input  logic                  step_i,
  input  logic                  second_i,
  input  logic [GroupWidth-1:0] group_i,
  input  logic                  position_end_i,
  input  logic                  row_end_i,
  input  logic                  tile_end_i,
  output logic                  window_first_o,
  output logic                  window_last_o,
  output logic [EntryWidth-1:0] entry_o,
  output logic [PlaceWidth-1:0] buffer_word_o
);
  // First entries of the tile, of the row of results, of the result; then inside its window.
  logic [EntryWidth-1:0] tile_entry_q;
  logic [EntryWidth-1:0] row_entry_q;
  logic [EntryWidth-1:0] result_entry_q;
  logic [EntryWidth-1:0] window_entry_q;
  logic [EntryWidth-1:0] row_pitch_q;  // entries between rows of results
  logic [EntryWidth-1:0] next_window_entry;
  logic [           7:0] window_row_q;
  logic [           7:0] window_column_q;
  logic                  window_row_end;

  assign window_first_o    = window_row_q == '0 && window_column_q == '0;
  assign window_row_end    = window_column_q == command_i.window_columns - 8'd1;
  assign window_last_o     = window_row_end && window_row_q == command_i.window_rows - 8'd1;
  assign next_window_entry = window_entry_q + EntryWidth'(command_i.entry_pitch);

  logic integers;

  assign integers = Int8 && command_i.int8;

  /// The entry at which the position after this one begins.
  logic [EntryWidth-1:0] after;

  always_comb begin
    after = result_entry_q + EntryWidth'(command_i.window_columns);
    if (row_end_i) after = row_entry_q + row_pitch_q;
    if (tile_end_i) after = tile_entry_q + EntryWidth'(command_i.entries);
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      tile_entry_q    <= EntryWidth'(command_i.accumulator);
      row_entry_q     <= EntryWidth'(command_i.accumulator);
      result_entry_q  <= EntryWidth'(command_i.accumulator);
      window_entry_q  <= EntryWidth'(command_i.accumulator);
      entry_o         <= EntryWidth'(command_i.accumulator);
      row_pitch_q     <= EntryWidth'(command_i.entry_pitch) * EntryWidth'(command_i.window_rows);
      window_row_q    <= '0;
      window_column_q <= '0;
    end else if (step_i && position_end_i) begin
      if (tile_end_i) tile_entry_q <= after;
      if (row_end_i) row_entry_q <= after;
      result_entry_q  <= after;
      window_entry_q  <= after;
      entry_o         <= after;
      window_row_q    <= '0;
      window_column_q <= '0;
    end else if (step_i && integers) begin
      window_entry_q  <= result_entry_q;
      entry_o         <= result_entry_q;
      window_row_q    <= '0;
      window_column_q <= '0;
    end else if (read_i && window_row_end) begin
      window_entry_q  <= next_window_entry;
      entry_o         <= next_window_entry;
      window_row_q    <= window_row_q + 8'd1;
      window_column_q <= '0;
    end else if (read_i) begin
      entry_o         <= entry_o + 1'b1;
      window_column_q <= window_column_q + 8'd1;
    end
  end

  // Words in the buffer: of the tile's first result, of the row's, of this one. Of those that are used
  // each is a step behind a word that exists.
  logic [PlaceWidth-1:0] tile_word_q;
  logic [PlaceWidth-1:0] row_word_q;
  logic [PlaceWidth-1:0] result_word_q;
  logic [PlaceWidth-1:0] next_tile_word;
  logic [PlaceWidth-1:0] next_row_word;

  logic [PlaceWidth-1:0] group_channel;

  assign group_channel  = PlaceWidth'(group_i) * PlaceWidth'(PortWords);
  assign buffer_word_o  = result_word_q + (integers ? group_channel >> 2 : group_channel)
      + ((Int8 && second_i) ? command_i.pair_words : '0);
  assign next_tile_word = tile_word_q
      + (integers ? PlaceWidth'(ArraySize / 4) : PlaceWidth'(ArraySize));
  assign next_row_word  = row_word_q + PlaceWidth'(command_i.buffer_step_y);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      tile_word_q   <= PlaceWidth'(command_i.buffer_base);
      row_word_q    <= PlaceWidth'(command_i.buffer_base);
      result_word_q <= PlaceWidth'(command_i.buffer_base);
    end else if (step_i) begin
      if (tile_end_i) begin
        tile_word_q   <= next_tile_word;
        row_word_q    <= next_tile_word;
        result_word_q <= next_tile_word;
      end else if (row_end_i) begin
        row_word_q    <= next_row_word;
        result_word_q <= next_row_word;
      end else if (position_end_i) begin
        result_word_q <= result_word_q + PlaceWidth'(command_i.buffer_step_x);
      end
    end
  end
endmodule
