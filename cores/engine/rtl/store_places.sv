// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Where in the activation buffer results go: the first word of the present group of store_walker,
/// whose position in the loops comes with `step_i`.
module store_places
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize  = 8,
  parameter  int unsigned PortWords  = 4,
  parameter  bit          Int8       = 1'b1,
  localparam int unsigned Groups     = ArraySize / PortWords,
  localparam int unsigned GroupWidth = (Groups > 1) ? $clog2(Groups) : 1
) (
  input  logic                  clk_i,
  input  logic                  start_i,
  input  store_command_t        command_i,
  input  logic                  step_i,
  input  logic                  second_i,
  input  logic [GroupWidth-1:0] group_i,
  input  ends_t                 ends_i,
  output logic [PlaceWidth-1:0] word_o
);
  // Words of the tile's first result, of the row's, of this one. They are at most three steps behind one
  // that exists: the walk goes on until a place behind the buffer is to be written.
  logic [PlaceWidth-1:0] tile_word_q;
  logic [PlaceWidth-1:0] row_word_q;
  logic [PlaceWidth-1:0] result_word_q;
  logic [PlaceWidth-1:0] next_tile_word;
  logic [PlaceWidth-1:0] next_row_word;
  logic [PlaceWidth-1:0] group_channel;
  logic                  integers;

  assign integers       = Int8 && command_i.int8;
  assign group_channel  = PlaceWidth'(group_i) * PlaceWidth'(PortWords);
  assign word_o         = result_word_q + (integers ? group_channel >> 2 : group_channel)
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
      if (ends_i.tile) begin
        tile_word_q   <= next_tile_word;
        row_word_q    <= next_tile_word;
        result_word_q <= next_tile_word;
      end else if (ends_i.row) begin
        row_word_q    <= next_row_word;
        result_word_q <= next_row_word;
      end else if (ends_i.position) begin
        result_word_q <= result_word_q + PlaceWidth'(command_i.buffer_step_x);
      end
    end
  end
endmodule
