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
  input  ends_t                 ends_i,
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
  logic                  last_row;  // of the window
  logic                  last_column;

  assign window_last_o     = last_column && last_row;
  assign next_window_entry = window_entry_q + EntryWidth'(command_i.entry_pitch);

  /// The entry at which the position after this one begins.
  logic [EntryWidth-1:0] after;

  always_comb begin
    after = result_entry_q + EntryWidth'(command_i.window_columns);
    if (ends_i.row) after = row_entry_q + row_pitch_q;
    if (ends_i.tile) after = tile_entry_q + EntryWidth'(command_i.entries);
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      tile_entry_q   <= EntryWidth'(command_i.accumulator);
      row_entry_q    <= EntryWidth'(command_i.accumulator);
      result_entry_q <= EntryWidth'(command_i.accumulator);
      window_entry_q <= EntryWidth'(command_i.accumulator);
      entry_o        <= EntryWidth'(command_i.accumulator);
      row_pitch_q    <= EntryWidth'(command_i.entry_pitch) * EntryWidth'(command_i.window_rows);
    end else if (step_i && ends_i.position) begin
      if (ends_i.tile) tile_entry_q <= after;
      if (ends_i.row) row_entry_q <= after;
      result_entry_q <= after;
      window_entry_q <= after;
      entry_o        <= after;
    end else if (step_i && Int8 && command_i.int8) begin
      window_entry_q <= result_entry_q;
      entry_o        <= result_entry_q;
    end else if (read_i && last_column) begin
      window_entry_q <= next_window_entry;
      entry_o        <= next_window_entry;
    end else if (read_i) begin
      entry_o <= entry_o + 1'b1;
    end
  end

  // A window that has been read begins anew.
  always_ff @(posedge clk_i) begin
    if (start_i || read_i) window_first_o <= start_i || window_last_o;
  end

  loop_counter #(
    .Width(8)
  ) u_rows (
    .clk_i,
    .step_i (start_i || (read_i && last_column)),
    .begin_i(start_i || window_last_o),
    .turns_i(command_i.window_rows),
    .last_o (last_row)
  );

  loop_counter #(
    .Width(8)
  ) u_columns (
    .clk_i,
    .step_i (start_i || read_i),
    .begin_i(start_i || last_column),
    .turns_i(command_i.window_columns),
    .last_o (last_column)
  );
endmodule
