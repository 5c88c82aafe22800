// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Reads the chain of descriptors, checks each one, and hands it to the stages as commands.
///
/// Runs ahead of the stages as far as their queues allow. `lookup_address_o` gives the address of any
/// descriptor that has not been computed, by the end of its index.
module descriptor_fetch
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter int unsigned ArraySize   = 8,
  parameter int unsigned PortWords   = 4,
  parameter int unsigned BufferWords = 65536,
  parameter bit          Int8        = 1'b1
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       clear_i,
  input  logic                       start_i,
  input  logic [31:0]                first_i,
  // Memory
  output logic                       req_o,
  output logic [31:0]                addr_o,
  input  logic                       gnt_i,
  input  logic                       rvalid_i,
  input  logic [PortWords-1:0][31:0] rdata_i,
  // Stages
  output stages_t                    push_o,
  input  logic                       full_i,
  output logic                       fetching_o,
  output commands_t                  commands_o,
  // Errors
  output error_t                     error_o,
  output logic [15:0]                index_o,
  input  logic [1:0]                 lookup_index_i,
  output logic [31:0]                lookup_address_o
);
  localparam int unsigned Words     = $bits(descriptor_t) / 32;
  localparam int unsigned Beats     = Words / PortWords;
  localparam int unsigned BeatWidth = $clog2(Beats + 1);
  localparam logic [31:0] One       = 32'h3f800000;
  // This descriptor, and the two that can wait to be computed.
  localparam int unsigned Recent    = 4;

  typedef enum logic [1:0] {
    StateIdle,
    StateRead,
    StateCheck,
    StatePush
  } state_e;

  // Cycles in which what takes a multiplier is found; the last one gives its verdict.
  localparam int unsigned CheckCycles = 4;

  state_e                          state_q;
  logic   [CheckCycles-2:0]        checked_q;  // for one cycle, two, and so on
  logic   [31:0]                   address_q;
  logic   [15:0]                   index_q;
  logic   [15:0]                   reports_q;
  logic                            report;
  logic   [BeatWidth-1:0]          requested_q;
  logic   [BeatWidth-1:0]          received_q;
  logic   [Words-1:0][31:0]        words_q;
  logic   [Recent-1:0][31:0]       recent_q;
  descriptor_t                     descriptor;
  logic                            last;
  logic                            push;
  logic                            misplaced;  // the descriptor itself

  assign descriptor = descriptor_t'(words_q);
  assign fetching_o = state_q != StateIdle;
  assign last       = descriptor.next == '0;
  assign misplaced  = address_q[3:0] != 4'd0;
  assign addr_o     = address_q + 32'(requested_q) * 32'(4 * PortWords);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q     <= StateIdle;
      address_q   <= '0;
      index_q     <= '0;
      reports_q   <= '0;
      requested_q <= '0;
      received_q  <= '0;
      req_o       <= 1'b0;
    end else if (clear_i) begin
      state_q <= StateIdle;
      req_o   <= 1'b0;
    end else begin
      // The address is checked in the first cycle of StateRead.
      req_o <= state_q == StateRead && !misplaced
          && (32'(requested_q) + 32'(gnt_i) < Beats);
      unique case (state_q)
        StateRead: begin
          if (gnt_i) requested_q <= requested_q + 1'b1;
          if (rvalid_i) begin
            received_q <= received_q + 1'b1;
            if (received_q == BeatWidth'(Beats - 1)) state_q <= StateCheck;
          end
        end
        StateCheck: if (checked_q[CheckCycles-2]) state_q <= StatePush;
        StatePush: begin
          if (push) begin
            state_q     <= last ? StateIdle : StateRead;
            address_q   <= descriptor.next;
            index_q     <= index_q + 1'b1;
            reports_q   <= reports_q + 16'(report);
            requested_q <= '0;
            received_q  <= '0;
          end
        end
        default: begin
          if (start_i) begin
            state_q     <= StateRead;
            address_q   <= first_i;
            index_q     <= '0;
            reports_q   <= '0;
            requested_q <= '0;
            received_q  <= '0;
          end
        end
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    checked_q <= (state_q == StateCheck) ? (CheckCycles - 1)'({checked_q, 1'b1}) : '0;
    // Beats arrive in order: the last one ends up on top.
    if (rvalid_i) words_q <= {rdata_i, words_q[Words-1:PortWords]};
    if (state_q == StateRead) recent_q[index_q[1:0]] <= address_q;
  end

  assign index_o          = index_q;
  assign lookup_address_o = (fetching_o && lookup_index_i == index_q[1:0]) ? address_q
      : recent_q[lookup_index_i];

  // An INT8 depthwise job reads its kernel in blocks, which are its runs: kernel_rows x KernelColumns
  // taps each.
  localparam int unsigned KernelRows = kernel_rows(ArraySize);

  /// How many blocks of `size` taps, at most three, `count` taps need.
  function automatic logic [7:0] needed(logic [7:0] count, int unsigned size);
    logic [17:0] thirds;

    thirds = (18'(count) + 18'd2) * 18'd171;
    unique case (size)
      3:       return 8'(thirds >> 9);
      2:       return 8'((9'(count) + 9'd1) >> 1);
      default: return count;
    endcase
  endfunction

  logic       blocks;
  logic [7:0] blocks_x;
  logic [7:0] blocks_y;

  assign blocks   = Int8 && descriptor.int8 && descriptor.operation == OperationDepthwise;
  assign blocks_x = needed(descriptor.runs_x[7:0], KernelColumns);
  assign blocks_y = needed(descriptor.runs_y[7:0], KernelRows);

  // Checks, and what takes a multiplier.
  error_e      found;
  error_e      code_q;
  logic [31:0] span_words_q;
  logic [ 7:0] blocks_x_q;
  logic [ 7:0] blocks_y_q;
  logic [31:0] runs_q;
  logic [31:0] row_words_q;
  logic [15:0] gap_q;
  logic        wide_q;  // rows wider than their pitch leave no gap to fill
  logic [15:0] entries_q;
  logic [31:0] missing_q;  // columns of the tiles without a channel, if not negative
  logic [ 7:0] last_columns_q;

  descriptor_check #(
    .ArraySize(ArraySize),
    .Int8     (Int8)
  ) u_check (
    .clk_i,
    .descriptor_i(descriptor),
    .code_o      (found)
  );

  logic                  beyond;
  logic [15:0]           group_skip;
  logic [1:0]            second_group;
  logic [39:0]           distance;
  logic [PlaceWidth-1:0] pair_words;
  logic [31:0]           pair_bytes;
  logic                  bad_operation;
  logic                  bad_address;

  if (Int8) begin : gen_integer
    integer_geometry #(
      .ArraySize(ArraySize)
    ) u_geometry (
      .clk_i,
      .descriptor_i   (descriptor),
      .group_skip_o   (group_skip),
      .second_group_o (second_group),
      .distance_o     (distance),
      .pair_words_o   (pair_words),
      .pair_bytes_o   (pair_bytes),
      .bad_operation_o(bad_operation),
      .bad_address_o  (bad_address)
    );
  end else begin : gen_no_integer
    assign group_skip    = '0;
    assign second_group  = '0;
    assign distance      = '0;
    assign pair_words    = '0;
    assign pair_bytes    = '0;
    assign bad_operation = 1'b0;
    assign bad_address   = 1'b0;
  end

  buffer_reach #(
    .ArraySize  (ArraySize),
    .BufferWords(BufferWords)
  ) u_reach (
    .clk_i,
    .descriptor_i(descriptor),
    .distance_i  (distance),
    .beyond_o    (beyond)
  );

  always_ff @(posedge clk_i) begin
    blocks_x_q   <= blocks_x;
    blocks_y_q   <= blocks_y;
    span_words_q <= 32'(descriptor.run_words) * 32'(descriptor.runs_y);
    runs_q       <= blocks ? 32'(blocks_x_q) * 32'(blocks_y_q)
        : 32'(descriptor.runs_x) * 32'(descriptor.runs_y);
    entries_q    <= 16'(32'(descriptor.position_columns) * 32'(descriptor.position_rows));
    row_words_q  <= 32'(descriptor.load_words) * 32'(descriptor.load_columns);
    gap_q        <= descriptor.load_pitch_y - row_words_q[15:0];
    wide_q       <= descriptor.fill && row_words_q > 32'(descriptor.load_pitch_y);
    // Only the last tile's columns that exist are in memory; tiles without any are there as a whole.
    missing_q      <= 32'(descriptor.tiles) * 32'(ArraySize) - 32'(descriptor.channels);
    last_columns_q <= (missing_q < 32'(ArraySize)) ? 8'(ArraySize) - 8'(missing_q)
        : 8'(ArraySize);
  end

  // By the last cycle of the check all is known.
  always_ff @(posedge clk_i) begin
    code_q <= found;
    if (found == ErrorNone && (wide_q || bad_operation)) code_q <= ErrorBadOperation;
    else if (found == ErrorNone && bad_address) code_q <= ErrorBadAddress;
    else if (found == ErrorNone && beyond) code_q <= ErrorBufferOverflow;
    else if (found == ErrorNone && !last && index_q == 16'hffff) code_q <= ErrorChainTooLong;
  end

  logic stores;
  logic operand;

  assign stores  = descriptor.store_memory || descriptor.store_buffer;
  assign operand = descriptor.add_residual || descriptor.factor == FactorOperand;
  assign error_o = '{
    valid: (state_q == StateRead && misplaced) || (state_q == StatePush && code_q != ErrorNone),
    code: (state_q == StateRead) ? ErrorBadDescriptor : code_q,
    index: index_q
  };
  assign report  = stores || descriptor.profile != '0 || last;
  assign push    = state_q == StatePush && code_q == ErrorNone && !full_i;
  assign push_o  = '{
    load: push,
    weight: push
        && descriptor.operation inside {OperationMatmul, OperationDepthwise},
    compute: push,
    store: push && report
  };

  assign commands_o.load = '{
    index: index_q,
    reports: reports_q,
    fence: fence_e'(descriptor.fence),
    load: descriptor.load,
    fill: descriptor.fill,
    source: descriptor.source,
    row_pitch: descriptor.source_pitch_y,
    column_pitch: descriptor.source_pitch_x,
    rows: descriptor.load_rows,
    columns: descriptor.load_columns,
    words: descriptor.load_words,
    pitch: descriptor.load_pitch_y,
    gap: gap_q,
    base: descriptor.load_base,
    head: descriptor.load_head,
    tail: descriptor.load_tail,
    fill_value: descriptor.fill_value
  };

  logic        depthwise;  // one weight a channel
  logic [31:0] run_lanes;  // of FP32; words of INT8 have four

  assign depthwise         = descriptor.operation == OperationDepthwise && !blocks;
  assign run_lanes         = descriptor.span ? span_words_q : 32'(descriptor.run_words);
  assign commands_o.weight = '{
    index: index_q,
    diagonal: depthwise,
    int4: Int8 && descriptor.int4_weights,
    weights: descriptor.weights,
    words: (depthwise || blocks) ? 32'd1 : (Int8 && descriptor.int8) ? run_lanes << 2 : run_lanes,
    runs: descriptor.span ? 32'd1 : runs_q,
    tiles: descriptor.tiles,
    last_columns: last_columns_q
  };

  assign commands_o.compute = '{
    index: index_q,
    reports: reports_q,
    report: report,
    operation: operation_e'(descriptor.operation),
    int8: Int8 && descriptor.int8,
    pairs: Int8 && descriptor.pair_rows != '0,
    second_group: second_group,
    group_skip: group_skip,
    column_pitch: descriptor.run_pitch_x,
    column_stride: descriptor.column_stride,
    first: descriptor.first,
    span: descriptor.span,
    base: descriptor.input_base,
    accumulator: descriptor.accumulator,
    step_x: descriptor.step_x,
    step_y: descriptor.step_y,
    columns: descriptor.position_columns,
    rows: descriptor.position_rows,
    run: descriptor.run_words,
    span_words: span_words_q,
    runs_x: blocks ? 16'(blocks_x_q) : descriptor.runs_x,
    runs_y: blocks ? 16'(blocks_y_q) : descriptor.runs_y,
    run_pitch_x: blocks ? 16'(KernelColumns) * descriptor.run_pitch_x : descriptor.run_pitch_x,
    run_pitch_y: blocks ? 16'(KernelRows) * descriptor.run_pitch_y : descriptor.run_pitch_y,
    tiles: descriptor.tiles,
    channels: descriptor.channels
  };

  assign commands_o.store = '{
    index: index_q,
    address: address_q,
    last: last,
    to_memory: descriptor.store_memory,
    to_buffer: descriptor.store_buffer,
    int8: Int8 && descriptor.int8,
    pairs: Int8 && descriptor.pair_rows != '0,
    ties_even: descriptor.ties_even,
    zero_point: descriptor.zero_point,
    integer_low: descriptor.integer_low,
    integer_high: descriptor.integer_high,
    pair_bytes: pair_bytes,
    pair_words: pair_words,
    residual: stores && operand,
    scales_only: descriptor.scales_only,
    apply_table: descriptor.apply_table,
    load_table: stores && descriptor.load_table,
    factor: factor_e'(descriptor.factor),
    table_reach: descriptor.table_reach,
    table_fraction: descriptor.table_fraction,
    coefficients: descriptor.coefficients,
    wide: !descriptor.store_memory && !operand && !descriptor.apply_table
        && descriptor.slope == One,
    tiles: descriptor.tiles,
    last_columns: last_columns_q,
    channels: descriptor.channels,
    accumulator: descriptor.accumulator,
    entries: entries_q,
    entry_pitch: descriptor.position_columns,
    columns: descriptor.store_columns,
    rows: descriptor.store_rows,
    window_columns: descriptor.window_columns,
    window_rows: descriptor.window_rows,
    parameters: descriptor.parameters,
    destination: descriptor.destination,
    residual_address: descriptor.residual,
    pitch_x: descriptor.destination_pitch_x,
    pitch_y: descriptor.destination_pitch_y,
    buffer_base: descriptor.store_base,
    buffer_step_x: descriptor.store_pitch_x,
    buffer_step_y: descriptor.store_pitch_y,
    clamp_low: descriptor.clamp_low,
    clamp_high: descriptor.clamp_high,
    slope: descriptor.slope,
    profile: descriptor.profile
  };

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      req_o && !gnt_i && !clear_i |=> req_o && $stable(addr_o))
  else $error("a request changes before its grant");

  response_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) rvalid_i |-> received_q < requested_q)
  else $error("a beat that was not requested");
`endif
endmodule
