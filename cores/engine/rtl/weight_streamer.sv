// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Fetches the weights of one descriptor after another, in one linear burst each, into a small FIFO.
///
/// It runs ahead of the array as far as the FIFO allows, also across descriptors. `available_o` counts
/// the beats that nobody has claimed yet; a claimed beat is taken from the FIFO's head later, by
/// `take_i`. `last_o` tells whether the next beat to be claimed is the last one of its tile.
///
/// Memory holds a tile column by column, and of the last tile only the columns that exist, padded to
/// lines of 16 bytes. Of a depthwise FP32 tile it holds the diagonal only, padded as well; its beats are
/// made here. INT4 weights lie two in a byte, and each of memory's answers gives two beats.
module weight_streamer
  import engine_pkg::*;
#(
  parameter int unsigned ArraySize = 8,
  parameter int unsigned PortWords = 4,
  parameter bit          Int8      = 1'b1
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       clear_i,
  // Commands
  input  logic                       command_valid_i,
  input  weight_command_t            command_i,
  output logic                       command_pop_o,
  // Memory
  input  logic                       yield_i,  // others go first
  output logic                       req_o,
  output logic [31:0]                addr_o,
  output logic [PortWords-1:0]       mask_o,
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
  localparam int unsigned LineBytes  = 16;
  localparam int unsigned LineBeats  = requests(LineBytes, ArraySize);  // of a diagonal
  localparam int unsigned LineWidth  = $clog2(LineBeats + 1);
  localparam int unsigned Depth      = 64;  // one LUT-RAM
  localparam int unsigned DepthWidth = $clog2(Depth);

  /// Bytes of weights in memory, in whole lines.
  function automatic int unsigned padded(int unsigned bytes);
    return (bytes + LineBytes - 1) / LineBytes * LineBytes;
  endfunction

  /// Requests for so many bytes, of which the last may be shorter than a beat.
  function automatic int unsigned requests(int unsigned line, int unsigned bytes);
    return ((bytes + line - 1) / line * line + BeatBytes - 1) / BeatBytes;
  endfunction

  /// Beats that so many INT4 weights make.
  function automatic int unsigned int4_beats(int unsigned weights);
    return (weights + BeatBytes - 1) / BeatBytes;
  endfunction

  // How a tile lies in memory: the requests for it, its bytes, and whether its last answer has two beats
  // of INT4 weights.
  typedef struct packed {
    logic [BeatWidth-1:0] requests;
    logic [15:0]          bytes;
    logic                 even;
  } tile_t;

  /// A tile of so many weights, or a diagonal.
  function automatic tile_t stored(int unsigned weights, logic int4);
    if (Int8 && int4) begin
      return '{
        requests: BeatWidth'((int4_beats(weights) + 1) / 2),
        bytes: 16'(padded((weights + 1) / 2)),
        even: int4_beats(weights) % 2 == 0
      };
    end
    return '{
      requests: BeatWidth'(requests(LineBytes, weights)),
      bytes: 16'(padded(weights)),
      even: 1'b0
    };
  endfunction

  // Requests: beats of a tile, tiles of a slice, slices of a run, runs.
  logic                 running_q;
  logic [31:0]          tile_address_q;
  logic [31:0]          address_q;
  logic [31:0]          words_q;  // activations of the run still to come, with this slice
  logic [15:0]          tiles_q;  // tiles of the slice still to come, without this one
  logic [BeatWidth-1:0] beats_q;  // beats of the tile still to come, without this one
  logic                 last_run;
  logic                 last_slice_q;  // of the run
  logic                 last_tile_q;
  logic                 one_tile_q;  // in a slice
  tile_t                whole_q;  // a tile that is not the last one
  tile_t                last_q;  // the last tile
  tile_t                tile;
  logic [BeatWidth-1:0] next_requests;  // of the tile after it
  logic                 int4;
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

  // What the FIFO's places hold: whether INT4 weights, in one half or both, and the end of a tile.
  typedef struct packed {
    logic int4;
    logic both;
    logic ends;
  } place_t;

  place_t claimed;
  place_t taken;
  logic   claim_second_q;
  logic   take_second_q;
  logic   claim_place;  // the place's last beat
  logic   take_place;

  // A diagonal is requested when the one before has been used up. Whatever comes after it waits too,
  // so that beats keep their order.
  assign int4      = Int8 && command_i.int4;
  assign tile      = last_tile_q ? last_q : whole_q;
  assign beat_end  = beats_q == '0;

  assign next_requests = (last_tile_q ? one_tile_q : tiles_q == 16'd1) ? last_q.requests
      : whole_q.requests;

  tile_t diagonal;

  always_comb begin
    diagonal          = stored(ArraySize, 1'b0);
    diagonal.requests = BeatWidth'(LineBeats);
  end

  // Of a line beyond those that fill a beat.
  localparam int unsigned LineWords = LineBytes / 4;

  always_comb begin
    mask_o = '1;
    for (int unsigned i = LineWords; i < PortWords; i++) begin
      mask_o[i] = !(beat_end && tile.bytes[$clog2(LineBytes)]);
    end
  end

  assign tile_end      = beat_end && last_tile_q;
  assign run_end       = tile_end && last_slice_q;
  assign stream_end    = run_end && last_run;
  assign req_o         = running_q && !yield_i && (command_i.diagonal ? !line_wait_q
      : !reserved_q[DepthWidth]);
  assign addr_o        = address_q;
  assign command_pop_o = gnt_i && stream_end;

  assign reserve = (gnt_i && !command_i.diagonal) || expand;

  // Responses of a command of the other kind would be taken for this one's.
  logic [$clog2(MaxOutstanding+1)-1:0] outstanding_q;
  logic       known_q;  // tiles of the command
  assign may_start = known_q && !line_wait_q
      && (command_i.diagonal == diagonal_q || outstanding_q == '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      running_q     <= 1'b0;
      known_q       <= 1'b0;
      reserved_q    <= '0;
      outstanding_q <= '0;
    end else if (clear_i) begin
      running_q     <= 1'b0;
      known_q       <= 1'b0;
      reserved_q    <= '0;
      outstanding_q <= '0;
    end else begin
      if (command_pop_o) running_q <= 1'b0;
      else if (may_start) running_q <= 1'b1;
      known_q       <= command_valid_i && !running_q;
      reserved_q    <= reserved_q + (DepthWidth + 1)'(reserve) - (DepthWidth + 1)'(take_place);
      outstanding_q <= outstanding_q + $bits(outstanding_q)'(gnt_i) - $bits(outstanding_q)'(rvalid_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!running_q) begin
      tile_address_q <= command_i.weights;
      address_q      <= command_i.weights;
      words_q        <= command_i.words;
      last_slice_q   <= command_i.words <= 32'(ArraySize);
      tiles_q        <= command_i.tiles - 16'd1;
      last_tile_q    <= command_i.tiles == 16'd1;
      one_tile_q     <= command_i.tiles == 16'd1;
      whole_q        <= command_i.diagonal ? diagonal : stored(ArraySize * ArraySize, int4);
      last_q         <= command_i.diagonal ? diagonal
          : stored(32'(command_i.last_columns) * ArraySize, int4);
    end else if (gnt_i) begin
      address_q <= address_q + 32'(BeatBytes);
      if (beat_end) begin
        tile_address_q <= tile_address_q + 32'(tile.bytes);
        address_q      <= tile_address_q + 32'(tile.bytes);
        tiles_q        <= tiles_q - 16'd1;
        last_tile_q    <= tiles_q == 16'd1;
      end
      if (tile_end) begin
        tiles_q      <= command_i.tiles - 16'd1;
        last_tile_q  <= one_tile_q;
        words_q      <= run_end ? command_i.words : words_q - 32'(ArraySize);
        last_slice_q <= (run_end ? command_i.words : words_q - 32'(ArraySize)) <= 32'(ArraySize);
      end
    end
  end

  loop_counter #(
    .Width(32)
  ) u_runs (
    .clk_i,
    .step_i (!running_q || (gnt_i && run_end)),
    .begin_i(!running_q),
    .turns_i(command_i.runs),
    .last_o (last_run)
  );

  always_ff @(posedge clk_i) begin
    if (!running_q) beats_q <= tile.requests - 1'b1;
    else if (gnt_i) beats_q <= beat_end ? next_requests - 1'b1 : beats_q - 1'b1;
  end

  // The diagonal.
  logic [LineBeats-1:0][BeatBytes-1:0][7:0] line_q;
  logic [LineWidth-1:0]                line_beat_q;
  logic                                line_response;
  logic                                line_end;
  logic [BeatWidth-1:0]                expanded_q;
  logic [PortWords-1:0][31:0]          expanded;
  logic                                expand_end;

  assign line_response = rvalid_i && diagonal_q;
  assign line_end      = line_beat_q == LineWidth'(LineBeats - 1);
  assign expand        = expanding_q && !reserved_q[DepthWidth];
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
        line_beat_q <= line_end ? '0 : line_beat_q + 1'b1;
        expanding_q <= line_end;
      end else if (expand_end) begin
        expanding_q <= 1'b0;
      end
      if (expand) expanded_q <= expand_end ? '0 : expanded_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < LineBeats; i++) begin
      if (line_response && line_beat_q == LineWidth'(i)) line_q[i] <= rdata_i;
    end
  end

  diagonal_expander #(
    .ArraySize(ArraySize),
    .BeatBytes(BeatBytes)
  ) u_expander (
    .diagonal_i((8 * ArraySize)'(line_q)),
    .beat_i    (expanded_q),
    .weight_o  (expanded)
  );

  // The place of the beat that comes, from its request on.
  place_t requested;
  place_t arrived;
  logic   push;

  assign requested = '{int4: int4, both: int4 && (!beat_end || tile.even), ends: beat_end};
  assign push      = expand || (rvalid_i && !diagonal_q);

  ram_fifo #(
    .Width($bits(place_t)),
    .Depth(OutstandingPlaces)
  ) u_requested (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (gnt_i && !command_i.diagonal),
    .data_i (requested),
    .pop_i  (rvalid_i && !diagonal_q),
    .data_o (arrived),
    .count_o()
  );

  place_t pushed;

  assign pushed = expand ? '{int4: 1'b0, both: 1'b0, ends: expand_end} : arrived;

  assign claim_place = claim_i && (!claimed.both || claim_second_q);
  assign take_place  = take_i && (!taken.both || take_second_q);
  assign last_o      = claimed.ends && (!claimed.both || claim_second_q);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      claim_second_q <= 1'b0;
      take_second_q  <= 1'b0;
    end else if (clear_i) begin
      claim_second_q <= 1'b0;
      take_second_q  <= 1'b0;
    end else begin
      if (claim_i) claim_second_q <= !claim_place;
      if (take_i) take_second_q <= !take_place;
    end
  end

  // Beats that nobody has claimed, and all that have not been taken.
  head_fifo #(
    .Width($bits(place_t)),
    .Depth(Depth)
  ) u_claims (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (push),
    .data_i (pushed),
    .full_o (),
    .valid_o(available_o),
    .pop_i  (claim_place),
    .data_o (claimed)
  );

  logic [2*BeatBytes-1:0][3:0] head;

  ram_fifo #(
    .Width($bits(place_t) + 32 * PortWords),
    .Depth(Depth)
  ) u_fifo (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (push),
    .data_i ({pushed, expand ? expanded : rdata_i}),
    .pop_i  (take_place),
    .data_o ({taken, head}),
    .count_o()
  );

  always_comb begin
    weight_o = head;
    for (int unsigned i = 0; i < BeatBytes; i++) begin
      if (Int8 && taken.int4) begin
        weight_o[i/4][8*(i%4)+:8] = 8'($signed(
            take_second_q ? head[BeatBytes+i] : head[i]));
      end
    end
  end

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      req_o && !gnt_i && !clear_i |=> (req_o || yield_i) && $stable(addr_o))
  else $error("a request changes before its grant");

  response_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) rvalid_i |-> outstanding_q != '0)
  else $error("a beat that was not requested");

  claim_is_available :
  assert property (@(posedge clk_i) disable iff (!rst_ni) claim_i |-> available_o)
  else $error("a beat is claimed that is not there");

  places_in_bounds :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      reserved_q <= (DepthWidth + 1)'(Depth))
  else $error("more places are taken than there are");
`endif
endmodule
