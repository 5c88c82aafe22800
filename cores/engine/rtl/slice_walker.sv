// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The slices of a job, one after another: where each begins, and which of its words exist.
///
/// An output position reads runs of consecutive words. A slice is ArraySize of them, or a quarter of
/// that if they hold INT8, counted from the position's first word:
///
/// - spanning slices go on from one run to the next in y: word w has crossed into as many further runs
///   as there are `crossing_o[m]` that are not above w;
/// - other slices of a matrix product end with their run, of which there are runs_x in each of runs_y;
/// - channelwise, a slice is the tile's channels of one run.
///
/// It works a slice ahead: after `begin_i`, in a command's first cycle, it finds the first slice, and
/// `next_i` makes the slice that it has found the present one. That takes a cycle in between.
module slice_walker
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize   = 8,
  parameter  int unsigned OffsetWidth = 20,
  localparam int unsigned LaneWidth   = $clog2(ArraySize + 1)
) (
  input  logic                                    clk_i,
  input  compute_command_t                        command_i,
  input  logic                                    channelwise_i,
  input  logic                                    begin_i,
  input  logic                                    next_i,
  output logic [OffsetWidth-1:0]                  found_offset_o,  // of the slice after this one
  // The slice
  output logic [LaneWidth-1:0]                    words_o,  // not channelwise
  output logic [MostCrossings:1][LaneWidth-1:0]   crossing_o,
  output logic [MostCrossings:0][OffsetWidth-1:0] skip_o,  // words left out by so many crossings
  output logic                                    first_o,
  output logic                                    last_o
);
  localparam int unsigned RunWidth = 16 + CrossingWidth;  // of all runs that a slice reads

  // Of a job: multiples of the run, and of what lies between the end of a run and the next one.
  logic [MostCrossings:0][RunWidth-1:0] runs_q;
  logic [OffsetWidth-1:0]               gap;
  logic [LaneWidth-1:0]                 slice;  // words of a whole one

  assign gap   = OffsetWidth'($signed({1'b0, command_i.run_pitch_y} - {1'b0, command_i.run}));
  assign slice = command_i.int8 ? LaneWidth'(ArraySize / 4) : LaneWidth'(ArraySize);

  always_ff @(posedge clk_i) begin
    for (int unsigned m = 0; m <= MostCrossings; m++) begin
      runs_q[m] <= RunWidth'(m) * RunWidth'(command_i.run);
      skip_o[m] <= command_i.span ? OffsetWidth'(m) * gap : '0;
    end
  end

  // The slice ahead.
  logic [OffsetWidth-1:0] offset_q;
  logic [OffsetWidth-1:0] row_offset_q;  // of the first run of this row of runs
  logic [OffsetWidth-1:0] run_offset_q;  // of this run
  logic [31:0]            left_q;  // words from this slice on: of the run, or of all when spanning
  logic [15:0]            place_q;  // of the first word in its run, spanning
  logic [15:0]            runs_x_q;  // still to come, with this one
  logic [15:0]            runs_y_q;
  logic                   first_q;

  // What is found of it, in one cycle.
  typedef struct packed {
    logic [LaneWidth-1:0]                  words;
    logic [MostCrossings:1][LaneWidth-1:0] crossing;
    logic [CrossingWidth-1:0]              crossed;  // by the word after the last one
    logic                                  run_end;
    logic                                  row_end;
    logic                                  last;
  } slice_t;

  slice_t found;
  slice_t found_q;
  logic   last_x;
  logic   last_y;

  assign last_x = runs_x_q == 16'd1;
  assign last_y = runs_y_q == 16'd1;

  always_comb begin
    found.words   = (left_q < 32'(slice)) ? left_q[LaneWidth-1:0] : slice;
    found.run_end = channelwise_i || left_q <= 32'(slice);
    found.row_end = found.run_end && last_x;
    found.last    = found.run_end && (command_i.span || (last_x && last_y));
    // The first word of each further run, beyond the slice's end where it does not reach it.
    found.crossed = '0;
    for (int unsigned m = 1; m <= MostCrossings; m++) begin
      found.crossing[m] = '1;
      if (command_i.span && runs_q[m] - RunWidth'(place_q) <= RunWidth'(slice)) begin
        found.crossing[m] = LaneWidth'(runs_q[m] - RunWidth'(place_q));
        found.crossed     = CrossingWidth'(m);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    found_q <= found;
    if (next_i) begin
      words_o    <= found_q.words;
      crossing_o <= found_q.crossing;
      first_o    <= first_q;
      last_o     <= found_q.last;
    end
  end

  assign found_offset_o = offset_q;

  logic [31:0]            all_words;
  logic [OffsetWidth-1:0] next_offset;

  assign all_words = command_i.span ? command_i.span_words : 32'(command_i.run);

  always_comb begin
    if (command_i.span) begin
      next_offset = offset_q + OffsetWidth'(slice) + skip_o[found_q.crossed];
    end else if (found_q.row_end) begin
      next_offset = row_offset_q + OffsetWidth'(command_i.run_pitch_y);
    end else if (found_q.run_end) begin
      next_offset = run_offset_q + OffsetWidth'(command_i.run_pitch_x);
    end else begin
      next_offset = offset_q + OffsetWidth'(slice);
    end
  end

  always_ff @(posedge clk_i) begin
    if (begin_i) begin
      offset_q     <= OffsetWidth'(command_i.base);
      row_offset_q <= OffsetWidth'(command_i.base);
      run_offset_q <= OffsetWidth'(command_i.base);
      left_q       <= all_words;
      place_q      <= '0;
      runs_x_q     <= command_i.runs_x;
      runs_y_q     <= command_i.runs_y;
      first_q      <= 1'b1;
    end else if (next_i) begin
      first_q  <= 1'b0;
      offset_q <= next_offset;
      left_q   <= (found_q.run_end && !command_i.span) ? all_words : left_q - 32'(slice);
      place_q  <= 16'(RunWidth'(place_q) + RunWidth'(slice) - runs_q[found_q.crossed]);
      if (found_q.run_end && !command_i.span) begin
        run_offset_q <= next_offset;
        runs_x_q     <= found_q.row_end ? command_i.runs_x : runs_x_q - 16'd1;
        if (found_q.row_end) begin
          row_offset_q <= next_offset;
          runs_y_q     <= runs_y_q - 16'd1;
        end
      end
    end
  end

`ifndef SYNTHESIS
  next_is_found :
  assert property (@(posedge clk_i) begin_i || next_i |=> !next_i)
  else $error("the walk goes on before the slice is known");
`endif
endmodule
