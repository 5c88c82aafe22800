// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Decides in each cycle which slice enters the array, or what it has to wait for.
///
/// The order of a job is: slices, within them output tiles, within them output positions, row by
/// row. A position's slice enters when its activations are loaded, the tile's weights are complete
/// in the shadow registers (unless the job passes the array by), the accumulators are free of
/// earlier results, and the adder has written the sum that it adds to. At most one earlier job that
/// reports may still be storing.
///
/// A job begins with cycles of preparation, in which its first slice is found.
///
/// An INT8 depthwise job reads column after column of a row of its input, each for all rows of a
/// block of its kernel, without a gap: the last KernelColumns of them are a position's. Its first
/// ones end no position, nor do those between positions.
module sequencer
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize        = 8,
  parameter  int unsigned BufferWords      = 65536,
  parameter  int unsigned AccumulatorDepth = 1024,
  parameter  bit          Int8             = 1'b1,
  localparam int unsigned OffsetWidth      = 20,
  localparam int unsigned BufferWidth      = $clog2(BufferWords),
  localparam int unsigned EntryWidth       = $clog2(AccumulatorDepth),
  localparam int unsigned LaneWidth        = $clog2(ArraySize + 1)
) (
  input  logic                                    clk_i,
  input  logic                                    rst_ni,
  input  logic                                    clear_i,
  // Commands
  input  logic                                    command_valid_i,
  input  compute_command_t                        command_i,
  output logic                                    command_pop_o,
  // Progress of the other stages
  input  logic                                    fetching_i,
  input  logic                                    fenced_i,
  input  logic [15:0]                             loaded_i,
  input  logic [15:0]                             stored_i,
  output logic [15:0]                             computed_o,
  // Weights
  input  logic                                    weight_available_i,
  input  logic                                    weight_last_i,  // of its tile
  output logic                                    weight_claim_o,
  // The slice that is issued
  output logic                                    issue_o,
  output logic [BufferWidth-1:0]                  issue_address_o,
  output logic [LaneWidth-1:0]                    issue_lanes_o,
  output logic [MostCrossings:1][LaneWidth-1:0]   issue_crossing_o,
  output logic [MostCrossings:0][BufferWidth-1:0] issue_skip_o,
  output logic                                    issue_groups_o,
  output logic [LaneGroups-1:1][BufferWidth-1:0]  issue_group_skip_o,
  output logic                                    issue_integer_o,
  output logic                                    issue_depthwise_o,
  output logic                                    issue_pairs_o,
  output logic [1:0]                              issue_second_group_o,
  output logic                                    issue_result_o,  // the slice ends a position
  output logic                                    issue_swap_o,
  output logic                                    issue_bypass_o,
  output logic                                    issue_maximum_o,
  output logic                                    issue_first_o,
  output logic                                    issue_tile_done_o,
  output logic [EntryWidth-1:0]                   issue_entry_o,
  // Accounts
  output logic [LaneWidth-1:0]                    issue_columns_o,
  output waits_t                                  waits_o,
  output error_t                                  error_o
);
  // What kind of job it is, known in its second cycle.
  logic integers;
  logic channelwise;
  logic kernels;  // INT8 depthwise
  logic bypass;

  always_ff @(posedge clk_i) begin
    integers    <= Int8 && command_i.int8;
    kernels     <= Int8 && command_i.int8 && command_i.operation == OperationDepthwise;
    channelwise <= command_i.operation != OperationMatmul;
    bypass      <= command_i.operation inside {OperationSum, OperationMax};
  end

  // Preparation of a job, until its first slice can enter.
  typedef enum logic [2:0] {
    PhaseBegin,
    PhaseFind,
    PhaseEnter,
    PhaseFollow,
    PhaseRun
  } phase_e;

  phase_e phase_q;
  logic   single_q;  // a slice has one entry
  logic   running;
  logic   begins;

  assign begins  = command_valid_i && phase_q == PhaseBegin;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      phase_q <= PhaseBegin;
      running <= 1'b0;
    end else if (clear_i || command_pop_o || !command_valid_i) begin
      phase_q <= PhaseBegin;
      running <= 1'b0;
    end else begin
      running <= phase_q inside {PhaseFollow, PhaseRun} || (phase_q == PhaseEnter && !single_q);
      unique case (phase_q)
        PhaseBegin: phase_q <= PhaseFind;
        PhaseFind:  phase_q <= PhaseEnter;
        // The slice after the first one is found in a cycle more, which may be the one of its end.
        PhaseEnter: phase_q <= single_q ? PhaseFollow : PhaseRun;
        default:    phase_q <= PhaseRun;
      endcase
    end
  end

  // Position in the loops. Offsets are places in the buffer; they do not wrap, because a descriptor
  // whose reach is beyond the buffer has been refused.
  logic [OffsetWidth-1:0] tile_offset_q;
  logic [OffsetWidth-1:0] row_offset_q;
  logic [OffsetWidth-1:0] offset_q;
  logic                   last_column;
  logic                   last_row;
  logic                   last_tile;
  logic                   tile_begin_q;
  logic                   row_end;
  logic                   tile_end;
  logic                   slice_end;
  logic                   first_slice;
  logic                   last_slice;

  // The slice ends a position: each does, but for columns of a kernel in front of a row's first position
  // and between positions.
  logic result;

  loop_counter #(
    .Width(8)
  ) u_results (
    .clk_i,
    .step_i (phase_q != PhaseRun || issue_o),
    .begin_i(phase_q != PhaseRun || result),
    .turns_i(!kernels ? 8'd1
        : (phase_q != PhaseRun || row_end) ? 8'(KernelColumns) : command_i.column_stride),
    .last_o (result)
  );

  assign issue_result_o = result;

  assign row_end   = result && last_column;
  assign tile_end  = row_end && last_row;
  assign slice_end = tile_end && last_tile;

  // Each loop begins anew with the one around it.
  loop_counter u_columns (
    .clk_i,
    .step_i (begins || (issue_o && result)),
    .begin_i(begins || row_end),
    .turns_i(command_i.columns),
    .last_o (last_column)
  );

  loop_counter u_rows (
    .clk_i,
    .step_i (begins || (issue_o && row_end)),
    .begin_i(begins || tile_end),
    .turns_i(command_i.rows),
    .last_o (last_row)
  );

  loop_counter u_tiles (
    .clk_i,
    .step_i (begins || (issue_o && tile_end)),
    .begin_i(begins || slice_end),
    .turns_i(command_i.tiles),
    .last_o (last_tile)
  );

  // At the job's first position.
  always_ff @(posedge clk_i) begin
    if (phase_q == PhaseFind) single_q <= last_column && last_row && last_tile;
  end

  logic [OffsetWidth-1:0]                  next_slice_offset;
  logic [OffsetWidth-1:0]                  next_tile_offset;
  logic [OffsetWidth-1:0]                  next_row_offset;
  logic [LaneWidth-1:0]                    slice_words;
  logic [MostCrossings:0][OffsetWidth-1:0] skip;

  slice_walker #(
    .ArraySize  (ArraySize),
    .OffsetWidth(OffsetWidth)
  ) u_walker (
    .clk_i,
    .command_i,
    .channelwise_i (channelwise),
    .begin_i       (begins),
    .next_i        (phase_q == PhaseEnter || (issue_o && slice_end)),
    .found_offset_o(next_slice_offset),
    .words_o       (slice_words),
    .crossing_o    (issue_crossing_o),
    .skip_o        (skip),
    .first_o       (first_slice),
    .last_o        (last_slice)
  );

  logic [OffsetWidth-1:0] tile_words;

  assign tile_words       = integers ? OffsetWidth'(ArraySize / 4) : OffsetWidth'(ArraySize);
  assign next_tile_offset = tile_offset_q + (channelwise ? tile_words : '0);
  assign next_row_offset  = row_offset_q + OffsetWidth'(command_i.step_y);

  // Conditions. Progress of the other stages is seen a cycle late: what a job waits for stays true.
  logic loaded_q;
  logic store_behind_q;
  logic complete_q;  // the tile in the shadow registers
  logic hazard;
  logic ready;

  always_ff @(posedge clk_i) begin
    loaded_q       <= loaded_i != command_i.index;
    store_behind_q <= 16'(command_i.reports - stored_i) > 16'd1;
  end

  assign ready = running && loaded_q && !store_behind_q;

  // The tile in the shadow registers: a beat is claimed whenever one is there and the tile is
  // either incomplete or becomes active in this very cycle.
  assign weight_claim_o = weight_available_i && (!complete_q || (issue_o && issue_swap_o));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      complete_q <= 1'b0;
    end else if (clear_i) begin
      complete_q <= 1'b0;
    end else if (weight_claim_o) begin
      complete_q <= weight_last_i;
    end else if (issue_o && issue_swap_o) begin
      complete_q <= 1'b0;
    end
  end

  logic [EntryWidth-1:0] entry_q;
  logic                  overflow_q;  // the entry is behind the last one
  logic                  last_entry;

  assign last_entry = entry_q == EntryWidth'(AccumulatorDepth - 1);

  // Sums that are still in the adder.
  logic entry_busy;
  logic float_busy;

  sum_hazards #(
    .EntryWidth(EntryWidth),
    .Int8      (Int8)
  ) u_hazards (
    .clk_i,
    .rst_ni,
    .running_i   (running),
    .integers_i  (integers),
    .single_i    (single_q),
    .first_i     (EntryWidth'(command_i.accumulator)),
    .entry_i     (entry_q),
    .sum_i       (issue_o && result),
    .slice_end_i (slice_end),
    .entry_busy_o(entry_busy),
    .float_busy_o(float_busy)
  );

  assign hazard = (entry_busy && !issue_first_o && result) || float_busy;

  // Lanes and columns of this tile that exist.
  logic [17:0] lanes_q;  // still to come, channelwise
  logic [15:0] channels_q;

  function automatic logic [LaneWidth-1:0] present(logic [17:0] count);
    return (count < 18'(ArraySize)) ? LaneWidth'(count) : LaneWidth'(ArraySize);
  endfunction

  function automatic logic [17:0] behind(logic [17:0] count);
    return (count < 18'(ArraySize)) ? '0 : count - 18'(ArraySize);
  endfunction

  assign error_o = '{
    valid: ready && overflow_q,
    code: ErrorAccumulatorOverflow,
    index: command_i.index
  };

  assign issue_address_o   = offset_q[BufferWidth-1:0];
  assign issue_entry_o     = entry_q;
  assign issue_lanes_o     = channelwise ? present(lanes_q)
      : integers ? slice_words << 2 : slice_words;
  assign issue_swap_o      = tile_begin_q && !bypass;
  assign issue_bypass_o    = bypass;
  assign issue_maximum_o   = command_i.operation == OperationMax;
  assign issue_first_o     = command_i.first && first_slice;
  assign issue_tile_done_o = command_i.report && last_slice && tile_end;

  assign issue_groups_o       = integers;
  assign issue_integer_o      = integers;
  assign issue_depthwise_o    = kernels;
  assign issue_pairs_o        = Int8 && command_i.pairs;
  assign issue_second_group_o = command_i.second_group;

  // A pair leaves out the same wherever its second group is; rows of a kernel follow each other.
  for (genvar g = 1; g < LaneGroups; g++) begin : gen_group_skip
    assign issue_group_skip_o[g] = BufferWidth'((g == 2 && kernels)
        ? {command_i.group_skip[14:0], 1'b0} : command_i.group_skip);
  end

  // A kernel's lane has its taps in one column.
  localparam int unsigned Taps = kernel_rows(ArraySize) * KernelColumns;

  always_comb begin
    unique case (command_i.operation)
      OperationMatmul:    issue_columns_o = present(18'(channels_q));
      OperationDepthwise: issue_columns_o = kernels ? LaneWidth'(Taps) : LaneWidth'(1);
      default:            issue_columns_o = '0;
    endcase
    if (!issue_result_o) issue_columns_o = '0;
    for (int unsigned m = 0; m <= MostCrossings; m++) issue_skip_o[m] = BufferWidth'(skip[m]);
  end

  // One reason a cycle.
  logic lacks_weights;

  assign lacks_weights = ready && issue_swap_o && !complete_q;

  assign waits_o = '{
    descriptor: !running && (command_valid_i || fetching_i),
    activations: running && !loaded_q && !fenced_i,
    weights: lacks_weights,
    accumulator: ready && hazard && !lacks_weights,
    store: (!running && !command_valid_i && !fetching_i)
        || (running && ((!loaded_q && fenced_i) || (loaded_q && store_behind_q)))
  };
  assign issue_o         = ready && !lacks_weights && !hazard && !error_o.valid;
  assign command_pop_o   = issue_o && slice_end && last_slice;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) computed_o <= '0;
    else if (clear_i) computed_o <= '0;
    else if (command_pop_o) computed_o <= computed_o + 16'd1;
  end

  // Where the next slice, tile, row begin. That a slice is issued is known last.
  logic                   slice_begins;
  logic [OffsetWidth-1:0] slice_begin;
  logic [OffsetWidth-1:0] tile_begin;
  logic [OffsetWidth-1:0] row_begin;

  assign slice_begins = begins || slice_end;
  assign slice_begin  = begins ? OffsetWidth'(command_i.base) : next_slice_offset;
  assign tile_begin   = slice_begins ? slice_begin : next_tile_offset;
  assign row_begin    = (begins || tile_end) ? tile_begin : next_row_offset;

  always_ff @(posedge clk_i) begin
    if (begins || issue_o) begin
      tile_begin_q <= begins || tile_end;
      offset_q     <= (begins || row_end) ? row_begin
          : offset_q + OffsetWidth'(kernels ? command_i.column_pitch : command_i.step_x);
    end
    if (begins || (issue_o && result)) begin
      entry_q    <= slice_begins ? EntryWidth'(command_i.accumulator) : entry_q + 1'b1;
      overflow_q <= slice_begins ? 32'(command_i.accumulator) >= AccumulatorDepth : last_entry;
    end
    if (begins || (issue_o && row_end)) row_offset_q <= row_begin;
    if (begins || (issue_o && tile_end)) begin
      tile_offset_q <= tile_begin;
      lanes_q       <= slice_begins
          ? (command_i.int8 ? {command_i.run, 2'b00} : 18'(command_i.run)) : behind(lanes_q);
      channels_q    <= slice_begins ? command_i.channels : 16'(behind(18'(channels_q)));
    end
  end

`ifndef SYNTHESIS
  one_reason_a_cycle :
  assert property (@(posedge clk_i) disable iff (!rst_ni) $onehot0({issue_o, waits_o}))
  else $error("a cycle is counted twice");

  rows_of_kernels_have_no_gap :
  assert property (@(posedge clk_i) disable iff (!rst_ni || clear_i)
      kernels && running && !tile_begin_q |-> issue_o || error_o.valid)
  else $error("the row of a depthwise job is interrupted");

  weights_are_claimed_when_available :
  assert property (@(posedge clk_i) disable iff (!rst_ni) weight_claim_o |-> weight_available_i)
  else $error("a beat is claimed that is not there");
`endif
endmodule
