// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Fetches the weights of one descriptor after another, in one linear burst each, into a small FIFO.
///
/// It runs ahead of the array as far as the FIFO allows, also across descriptors. `available_o` counts
/// the beats that nobody has claimed yet; a claimed beat is taken from the FIFO's head later, by
/// `take_i`. `last_o` tells whether the next beat to be claimed is the last one of its tile.
///
/// Memory holds a tile column by column, and of the last tile only the columns that exist, padded to
/// lines of 16 bytes. Of a depthwise tile it holds the diagonal only, padded as well; its beats are made
/// here.
module weight_streamer
  import engine_pkg::*;
#(
  parameter int unsigned ArraySize = 8,
  parameter int unsigned PortWords = 4
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       clear_i,
  // Commands
  input  logic                       command_valid_i,
  input  weight_command_t            command_i,
  output logic                       command_pop_o,
  // Memory
  output logic                       req_o,
  output logic [31:0]                addr_o,
  input  logic                       gnt_i,
  input  logic                       rvalid_i,
  input  logic [PortWords-1:0][31:0] rdata_i,
  // Array
  output logic                       available_o,
  output logic                       last_o,
  input  logic                       claim_i,
  input  logic                       take_i,
  output logic [PortWords-1:0][31:0] weight_o
);
  localparam int unsigned BeatBytes  = 4 * PortWords;
  localparam int unsigned Beats      = ArraySize * ArraySize / BeatBytes;
  localparam int unsigned BeatWidth  = $clog2(Beats + 1);
  localparam int unsigned Lines      = (ArraySize + 15) / 16;
  localparam int unsigned BeatsALine = 16 / BeatBytes;
  localparam int unsigned LineBeats  = Lines * BeatsALine;  // of a diagonal
  localparam int unsigned LineWidth  = $clog2(LineBeats + 1);
  localparam int unsigned Depth      = 64;  // one LUT-RAM
  localparam int unsigned DepthWidth = $clog2(Depth);

  // Requests: beats of a tile, tiles of a slice, slices of a run, runs.
  logic                 running_q;
  logic [31:0]          address_q;
  logic [31:0]          runs_q;  // runs still to come, with this one
  logic [31:0]          words_q;  // words of the run still to come, with this slice
  logic [15:0]          tile_q;
  logic [BeatWidth-1:0] beat_q;
  logic [BeatWidth-1:0] last_beats_q;  // of the last tile
  logic [BeatWidth-1:0] tile_beats;
  logic                 last_tile;
  logic                 beat_end;
  logic                 tile_end;
  logic                 run_end;
  logic                 stream_end;
  logic [DepthWidth:0]  reserved_q;  // places taken in the FIFO, requested or filled
  logic                 reserve;
  logic                 expand;
  logic                 expanding_q;
  logic                 line_wait_q;  // a diagonal is requested or in use
  logic                 may_start;
  logic                 diagonal_q;  // responses are those of a diagonal

  // A diagonal is requested when the one before has been used up. Whatever comes after it waits too,
  // so that beats keep their order.
  assign last_tile     = tile_q == command_i.tiles - 16'd1;
  assign tile_beats    = command_i.diagonal ? BeatWidth'(LineBeats)
      : last_tile ? last_beats_q : BeatWidth'(Beats);
  assign beat_end      = beat_q == tile_beats - 1'b1;
  assign tile_end      = beat_end && last_tile;
  assign run_end       = tile_end && words_q <= 32'(ArraySize);
  assign stream_end    = run_end && runs_q == 32'd1;
  assign req_o         = running_q && (command_i.diagonal ? !line_wait_q
      : reserved_q != (DepthWidth + 1)'(Depth));
  assign addr_o        = address_q;
  assign command_pop_o = gnt_i && stream_end;

  assign reserve = (gnt_i && !command_i.diagonal) || expand;

  // Responses of a command of the other kind would be taken for this one's.
  logic [2:0] outstanding_q;
  assign may_start = command_valid_i && !line_wait_q
      && (command_i.diagonal == diagonal_q || outstanding_q == '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      running_q     <= 1'b0;
      reserved_q    <= '0;
      outstanding_q <= '0;
    end else if (clear_i) begin
      running_q     <= 1'b0;
      reserved_q    <= '0;
      outstanding_q <= '0;
    end else begin
      if (command_pop_o) running_q <= 1'b0;
      else if (may_start) running_q <= 1'b1;
      reserved_q    <= reserved_q + (DepthWidth + 1)'(reserve) - (DepthWidth + 1)'(take_i);
      outstanding_q <= outstanding_q + 3'(gnt_i) - 3'(rvalid_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!running_q) begin
      address_q    <= command_i.weights;
      runs_q       <= command_i.runs;
      words_q      <= command_i.words;
      tile_q       <= '0;
      beat_q       <= '0;
      last_beats_q <= BeatWidth'((32'(command_i.last_columns) * ArraySize + 15) / 16 * BeatsALine);
    end else if (gnt_i) begin
      address_q <= address_q + 32'(BeatBytes);
      beat_q    <= beat_end ? '0 : beat_q + 1'b1;
      if (beat_end) tile_q <= tile_end ? '0 : tile_q + 16'd1;
      if (tile_end) words_q <= run_end ? command_i.words : words_q - 32'(ArraySize);
      if (run_end) runs_q <= runs_q - 32'd1;
    end
  end

  // The diagonal: its beats arrive in order, so the last one ends up on top.
  logic [LineBeats*BeatBytes-1:0][7:0] line_q;
  logic [LineWidth-1:0]                line_beat_q;
  logic                                line_response;
  logic [BeatWidth-1:0]                expanded_q;
  logic [PortWords-1:0][31:0]          expanded;
  logic                                expand_end;

  assign line_response = rvalid_i && diagonal_q;
  assign expand        = expanding_q && reserved_q != (DepthWidth + 1)'(Depth);
  assign expand_end    = expand && expanded_q == BeatWidth'(Beats - 1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      diagonal_q  <= 1'b0;
      line_wait_q <= 1'b0;
      line_beat_q <= '0;
      expanding_q <= 1'b0;
      expanded_q  <= '0;
    end else if (clear_i) begin
      diagonal_q  <= 1'b0;
      line_wait_q <= 1'b0;
      line_beat_q <= '0;
      expanding_q <= 1'b0;
      expanded_q  <= '0;
    end else begin
      if (may_start && !running_q) diagonal_q <= command_i.diagonal;
      if (gnt_i && command_i.diagonal && beat_end) line_wait_q <= 1'b1;
      else if (expand_end) line_wait_q <= 1'b0;
      if (line_response) begin
        line_beat_q <= (line_beat_q == LineWidth'(LineBeats - 1)) ? '0 : line_beat_q + 1'b1;
        expanding_q <= line_beat_q == LineWidth'(LineBeats - 1);
      end else if (expand_end) begin
        expanding_q <= 1'b0;
      end
      if (expand) expanded_q <= expand_end ? '0 : expanded_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (line_response) line_q <= (LineBeats * BeatBytes * 8)'({rdata_i, line_q} >> (8 * BeatBytes));
  end

  diagonal_expander #(
    .ArraySize(ArraySize),
    .BeatBytes(BeatBytes)
  ) u_expander (
    .diagonal_i(line_q[ArraySize-1:0]),
    .beat_i    (expanded_q),
    .weight_o  (expanded)
  );

  // Which beats end a tile, from their request to their claim.
  ram_fifo #(
    .Width(1),
    .Depth(Depth)
  ) u_ends (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (reserve),
    .data_i (expand ? expand_end : beat_end),
    .pop_i  (claim_i),
    .data_o (last_o),
    .count_o()
  );

  // Beats that are there and that nobody has claimed; the FIFO itself also holds the claimed ones.
  logic                push;
  logic [DepthWidth:0] unclaimed_q;

  assign push        = expand || (rvalid_i && !diagonal_q);
  assign available_o = unclaimed_q != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      unclaimed_q <= '0;
    end else if (clear_i) begin
      unclaimed_q <= '0;
    end else begin
      unclaimed_q <= unclaimed_q + (DepthWidth + 1)'(push) - (DepthWidth + 1)'(claim_i);
    end
  end

  ram_fifo #(
    .Width(32 * PortWords),
    .Depth(Depth)
  ) u_fifo (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (push),
    .data_i (expand ? expanded : rdata_i),
    .pop_i  (take_i),
    .data_o (weight_o),
    .count_o()
  );

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      req_o && !gnt_i && !clear_i |=> req_o && $stable(addr_o))
  else $error("a request changes before its grant");

  response_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) rvalid_i |-> outstanding_q != '0)
  else $error("a beat that was not requested");

  claim_is_available :
  assert property (@(posedge clk_i) disable iff (!rst_ni) claim_i |-> unclaimed_q != '0)
  else $error("a beat is claimed that is not there");

  places_in_bounds :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      unclaimed_q <= reserved_q && reserved_q <= (DepthWidth + 1)'(Depth))
  else $error("more places are taken than there are");
`endif
endmodule
