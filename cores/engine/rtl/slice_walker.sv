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
module slice_walker
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize   = 8,
  parameter  int unsigned OffsetWidth = 20,
  localparam int unsigned LaneWidth   = $clog2(ArraySize + 1)
) (
  input  logic                                    clk_i,
  input  logic                                    rst_ni,
  input  logic                                    clear_i,
  input  compute_command_t                        command_i,
  input  logic                                    channelwise_i,
  input  logic                                    next_i,
  // The slice
  output logic [OffsetWidth-1:0]                  next_offset_o,  // of the slice after this one
  output logic [LaneWidth-1:0]                    words_o,  // not channelwise
  output logic [MostCrossings:1][LaneWidth-1:0]   crossing_o,
  output logic [MostCrossings:0][OffsetWidth-1:0] skip_o,  // words left out by so many crossings
  output logic                                    first_o,
  output logic                                    last_o
);
  localparam int unsigned RunWidth = 16 + CrossingWidth;  // of all runs that a slice reads

  logic [OffsetWidth-1:0] offset_q;
  logic [OffsetWidth-1:0] row_offset_q;  // of the first run of this row of runs
  logic [OffsetWidth-1:0] run_offset_q;  // of this run
  logic [31:0]            done_q;  // words before this slice: of the run, or of all when spanning
  logic [15:0]            place_q;  // of the first word in its run, spanning
  logic [15:0]            run_x_q;
  logic [15:0]            run_y_q;

  logic [LaneWidth-1:0] slice;  // words of a whole one

  assign slice = command_i.int8 ? LaneWidth'(ArraySize / 4) : LaneWidth'(ArraySize);

  // Multiples of the run, and of what lies between the end of a run and the next one.
  logic [MostCrossings:0][RunWidth-1:0] runs;
  logic [OffsetWidth-1:0]               gap;

  assign gap = OffsetWidth'($signed({1'b0, command_i.run_pitch_y} - {1'b0, command_i.run}));

  always_comb begin
    for (int unsigned m = 0; m <= MostCrossings; m++) begin
      runs[m]   = RunWidth'(m) * RunWidth'(command_i.run);
      skip_o[m] = command_i.span ? OffsetWidth'(m) * gap : '0;
    end
  end

  // The first word of each further run, beyond the slice's end where it does not reach it.
  logic [CrossingWidth-1:0] crossed;  // by the word after the last one

  always_comb begin
    crossed = '0;
    for (int unsigned m = 1; m <= MostCrossings; m++) begin
      crossing_o[m] = '1;
      if (command_i.span && runs[m] - RunWidth'(place_q) <= RunWidth'(slice)) begin
        crossing_o[m] = LaneWidth'(runs[m] - RunWidth'(place_q));
        crossed       = CrossingWidth'(m);
      end
    end
  end

  logic [31:0] left;
  logic        run_end;
  logic        row_end;

  assign left    = (command_i.span ? command_i.span_words : 32'(command_i.run)) - done_q;
  assign words_o = (left < 32'(slice)) ? left[LaneWidth-1:0] : slice;
  assign run_end = channelwise_i || left <= 32'(slice);
  assign row_end = run_end && run_x_q == command_i.runs_x - 16'd1;
  assign last_o  = command_i.span ? run_end : row_end && run_y_q == command_i.runs_y - 16'd1;
  assign first_o = done_q == '0 && run_x_q == '0 && run_y_q == '0;

  always_comb begin
    if (command_i.span) begin
      next_offset_o = offset_q + OffsetWidth'(slice) + skip_o[crossed];
    end else if (row_end) begin
      next_offset_o = row_offset_q + OffsetWidth'(command_i.run_pitch_y);
    end else if (run_end) begin
      next_offset_o = run_offset_q + OffsetWidth'(command_i.run_pitch_x);
    end else begin
      next_offset_o = offset_q + OffsetWidth'(slice);
    end
    if (last_o) next_offset_o = '0;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      offset_q     <= '0;
      row_offset_q <= '0;
      run_offset_q <= '0;
      done_q       <= '0;
      place_q      <= '0;
      run_x_q      <= '0;
      run_y_q      <= '0;
    end else if (clear_i || (next_i && last_o)) begin
      offset_q     <= '0;
      row_offset_q <= '0;
      run_offset_q <= '0;
      done_q       <= '0;
      place_q      <= '0;
      run_x_q      <= '0;
      run_y_q      <= '0;
    end else if (next_i) begin
      offset_q <= next_offset_o;
      done_q   <= (run_end && !command_i.span) ? '0 : done_q + 32'(slice);
      place_q  <= 16'(RunWidth'(place_q) + RunWidth'(slice) - runs[crossed]);
      if (run_end && !command_i.span) begin
        run_offset_q <= next_offset_o;
        run_x_q      <= row_end ? '0 : run_x_q + 16'd1;
        if (row_end) begin
          row_offset_q <= next_offset_o;
          run_y_q      <= run_y_q + 16'd1;
        end
      end
    end
  end
endmodule
