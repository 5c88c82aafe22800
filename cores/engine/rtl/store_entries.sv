// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Which accumulator entry the store path reads next.
///
/// A result is the largest of a window of entries, which are read row by row. `step_i` goes on to the
/// next group of results of store_walker, whose position in the loops comes with it: a position's first
/// group is stepped over with the last read of its window, the others without a read. Of an INT8 job
/// each group reads the window.
module store_entries
  import engine_pkg::*;
#(
  parameter int unsigned EntryWidth = 10,
  parameter bit          Int8       = 1'b1
) (
  input  logic                  clk_i,
  input  logic                  start_i,
  input  store_command_t        command_i,
  input  logic                  read_i,
  input  logic                  step_i,
  input  logic                  position_end_i,
  input  logic                  row_end_i,
  input  logic                  tile_end_i,
  output logic                  window_first_o,
  output logic                  window_last_o,
  output logic [EntryWidth-1:0] entry_o
);
  // First entries of the tile, of the row of results, of the result; then inside its window.
  logic [EntryWidth-1:0] tile_entry_q;
  logic [EntryWidth-1:0] row_entry_q;
  logic [EntryWidth-1:0] result_entry_q;
  logic [EntryWidth-1:0] window_entry_q;
  logic [EntryWidth-1:0] row_pitch_q;  // entries between rows of results
  logic [EntryWidth-1:0] next_window_entry;
  logic [           7:0] rows_q;  // of the window, without this one
  logic [           7:0] columns_q;
  logic                  last_row_q;
  logic                  last_column_q;

  assign window_last_o     = last_column_q && last_row_q;
  assign next_window_entry = window_entry_q + EntryWidth'(command_i.entry_pitch);

  /// The entry at which the position after this one begins.
  logic [EntryWidth-1:0] after;

  always_comb begin
    after = result_entry_q + EntryWidth'(command_i.window_columns);
    if (row_end_i) after = row_entry_q + row_pitch_q;
    if (tile_end_i) after = tile_entry_q + EntryWidth'(command_i.entries);
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      tile_entry_q   <= EntryWidth'(command_i.accumulator);
      row_entry_q    <= EntryWidth'(command_i.accumulator);
      result_entry_q <= EntryWidth'(command_i.accumulator);
      window_entry_q <= EntryWidth'(command_i.accumulator);
      entry_o        <= EntryWidth'(command_i.accumulator);
      row_pitch_q    <= EntryWidth'(command_i.entry_pitch) * EntryWidth'(command_i.window_rows);
    end else if (step_i && position_end_i) begin
      if (tile_end_i) tile_entry_q <= after;
      if (row_end_i) row_entry_q <= after;
      result_entry_q <= after;
      window_entry_q <= after;
      entry_o        <= after;
    end else if (step_i && Int8 && command_i.int8) begin
      window_entry_q <= result_entry_q;
      entry_o        <= result_entry_q;
    end else if (read_i && last_column_q) begin
      window_entry_q <= next_window_entry;
      entry_o        <= next_window_entry;
    end else if (read_i) begin
      entry_o <= entry_o + 1'b1;
    end
  end

  // A window that has been read begins anew.
  always_ff @(posedge clk_i) begin
    if (start_i || (read_i && window_last_o)) begin
      window_first_o <= 1'b1;
      rows_q         <= command_i.window_rows - 8'd1;
      last_row_q     <= command_i.window_rows == 8'd1;
    end else if (read_i) begin
      window_first_o <= 1'b0;
      if (last_column_q) begin
        rows_q     <= rows_q - 8'd1;
        last_row_q <= rows_q == 8'd1;
      end
    end
    if (start_i || (read_i && last_column_q)) begin
      columns_q     <= command_i.window_columns - 8'd1;
      last_column_q <= command_i.window_columns == 8'd1;
    end else if (read_i) begin
      columns_q     <= columns_q - 8'd1;
      last_column_q <= columns_q == 8'd1;
    end
  end
endmodule
