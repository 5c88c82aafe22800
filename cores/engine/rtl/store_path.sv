// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Third stage of the engine: finished sums through pooling, scale, bias, operand, function, slope
/// and clamp to memory and to the activation buffer. They leave PortWords words a cycle, or
/// StoreWords if they only go to the buffer and need neither operand, function nor slope. INT8
/// results have lanes of their own, IntegerLanes of them.
///
/// Works tile by tile as the accumulators complete them, then writes the descriptor's profile and
/// counts the descriptor as stored. One that stores nothing is counted when its tiles are complete.
module store_path
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize        = 8,
  parameter  int unsigned PortWords        = 4,
  parameter  int unsigned BufferWords      = 65536,
  parameter  int unsigned AccumulatorDepth = 1024,
  parameter  bit          Int8             = 1'b1,
  localparam int unsigned StoreWords       = store_words(ArraySize, PortWords),
  localparam int unsigned BufferWidth      = $clog2(BufferWords),
  localparam int unsigned EntryWidth       = $clog2(AccumulatorDepth)
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  logic                        clear_i,
  // Commands
  input  logic                        command_valid_i,
  input  store_command_t              command_i,
  output logic                        command_pop_o,
  output logic [15:0]                 stored_o,
  // Accumulators
  input  logic                        tile_done_i,
  output logic                        read_o,
  output logic                        read_second_o,
  output logic [EntryWidth-1:0]       read_entry_o,
  input  logic                        read_ready_i,
  input  logic [ArraySize-1:0][31:0]  read_data_i,
  // Memory, reading parameters
  output logic                        parameter_req_o,
  output logic                        parameter_urgent_o,
  output logic [31:0]                 parameter_addr_o,
  output logic [PortWords-1:0]        parameter_mask_o,
  input  logic                        parameter_gnt_i,
  input  logic                        parameter_rvalid_i,
  input  logic [PortWords-1:0][31:0]  parameter_rdata_i,
  // Memory, reading the residual operand
  output logic                        residual_req_o,
  output logic [31:0]                 residual_addr_o,
  output logic [PortWords-1:0]        residual_mask_o,
  input  logic                        residual_gnt_i,
  input  logic                        residual_rvalid_i,
  input  logic [PortWords-1:0][31:0]  residual_rdata_i,
  // Memory, writing results and profile
  output logic                        write_req_o,
  output logic [31:0]                 write_addr_o,
  output logic [PortWords-1:0]        write_mask_o,
  output logic [PortWords-1:0][31:0]  write_data_o,
  input  logic                        write_gnt_i,
  // Activation buffer
  output logic                        buffer_req_o,
  output logic [BufferWidth-1:0]      buffer_addr_o,
  output logic [StoreWords-1:0]       buffer_mask_o,
  output logic [StoreWords-1:0][31:0] buffer_data_o,
  input  logic                        buffer_gnt_i,
  // Counters for the profile
  input  counters_t                   counters_i,
  output error_t                      error_o
);
  localparam int unsigned Groups        = ArraySize / PortWords;
  localparam int unsigned GroupWidth    = (Groups > 1) ? $clog2(Groups) : 1;
  localparam int unsigned IntegerLanes  = integer_channels(ArraySize, PortWords);
  localparam int unsigned Lanes         = Int8 ? IntegerLanes : StoreWords;  // of the parameters
  localparam int unsigned ChannelWidth  = $clog2(ArraySize + 1);
  localparam int unsigned SegmentWidth  = $clog2(Segments);
  localparam int unsigned QueueDepth    = 32;
  localparam int unsigned QueueWidth    = $clog2(QueueDepth) + 1;

  typedef enum logic [1:0] {
    StateIdle,
    StateTiles,
    StateDrain
  } state_e;

  state_e state_q;
  logic   start;
  logic   starts_storing;

  assign start          = state_q == StateIdle && command_valid_i;
  assign starts_storing = start && (command_i.to_memory || command_i.to_buffer);

  // What kind of job it is, known in its second cycle.
  logic stores;
  logic integers;
  logic adds;

  always_ff @(posedge clk_i) begin
    stores   <= command_i.to_memory || command_i.to_buffer;
    integers <= Int8 && command_i.int8;
    adds     <= command_i.residual;
  end

  // The group of results that is stored next.
  logic                    group_valid;
  logic                    step;
  logic [GroupWidth-1:0]   group;
  logic [ChannelWidth-1:0] channels;
  logic [StoreWords-1:0]   mask;
  logic [31:0]             address;
  logic [BufferWidth-1:0]  buffer_word;
  logic                    beyond;
  logic                    empty;
  ends_t                   ends;

  store_groups #(
    .ArraySize  (ArraySize),
    .PortWords  (PortWords),
    .StoreWords (StoreWords),
    .BufferWords(BufferWords),
    .Int8       (Int8)
  ) u_groups (
    .clk_i,
    .rst_ni,
    .clear_i,
    .start_i      (start),
    .command_i,
    .valid_o      (group_valid),
    .next_i       (step),
    .second_o     (read_second_o),
    .group_o      (group),
    .channels_o   (channels),
    .mask_o       (mask),
    .address_o    (address),
    .buffer_word_o(buffer_word),
    .beyond_o     (beyond),
    .empty_o      (empty),
    .ends_o       (ends)
  );

  logic window_first;
  logic window_last;
  logic read;

  store_entries #(
    .EntryWidth(EntryWidth),
    .Int8      (Int8)
  ) u_entries (
    .clk_i,
    .start_i       (start),
    .command_i,
    .read_i        (read),
    .step_i        (step),
    .ends_i        (ends),
    .window_first_o(window_first),
    .window_last_o (window_last),
    .entry_o       (read_entry_o)
  );

  // Reading the accumulators.
  logic [15:0]           tiles_done_q;  // completed by the accumulators, and not stored yet
  logic                  tile_done_q;  // there is one
  logic                  tile_ready;
  logic                  skipped;  // a tile of which nothing is stored
  logic                  tile_end;
  logic                  parameters_ready;
  logic                  residual_available;
  logic                  table_busy;
  logic                  integers_ready;
  logic [QueueWidth-1:0] pending;

  assign tile_ready = state_q == StateTiles && tile_done_q && !table_busy
      && (!stores || group_valid);
  assign skipped    = tile_ready && (!stores || (empty && parameters_ready));
  assign error_o    = '{
    valid: tile_ready && stores && !empty && beyond,
    code: ErrorBufferOverflow,
    index: command_i.index
  };

  // A position's entries are read for its first group, whose maxima then serve the others. Each
  // group of an INT8 job reads them.
  logic may_go;
  logic first_group;
  logic result;

  assign may_go      = tile_ready && stores && !empty && !beyond && parameters_ready
      && !pending[QueueWidth-1]
      && (!adds || residual_available) && (!integers || integers_ready);
  assign first_group = integers || group == '0;
  assign read_o      = may_go && first_group;
  assign read        = read_o && read_ready_i;
  assign result      = (read && window_last) || (may_go && !first_group);
  assign step        = result || (skipped && stores);
  assign tile_end    = (step && ends.tile) || (skipped && !stores);

  logic last_tile;

  loop_counter u_tiles (
    .clk_i,
    .step_i (start || tile_end),
    .begin_i(start),
    .turns_i(command_i.tiles),
    .last_o (last_tile)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tiles_done_q <= '0;
      tile_done_q  <= 1'b0;
    end else if (clear_i) begin
      tiles_done_q <= '0;
      tile_done_q  <= 1'b0;
    end else begin
      tiles_done_q <= tiles_done_q + 16'(tile_done_i) - 16'(tile_end);
      tile_done_q  <= tile_done_i || tiles_done_q > 16'd1 || (tiles_done_q[0] && !tile_end);
    end
  end

  // Pooling and post-processing.
  logic [25:0]                summand;
  logic                       addition;
  logic [Lanes-1:0][31:0]     scale;
  logic [Lanes-1:0][31:0]     bias;
  logic [Lanes-1:0][31:0]     offsets;

  // The table comes before the parameters: both are one client of the port.
  logic                    table_req;
  logic [31:0]             table_addr;
  logic                    table_write;
  logic [SegmentWidth-1:0] table_segment;
  logic [63:0]             table_entry;
  logic                    scale_req;
  logic [31:0]             scale_addr;
  logic [PortWords-1:0]    scale_mask;

  table_loader #(
    .PortWords(PortWords)
  ) u_table (
    .clk_i,
    .rst_ni,
    .clear_i,
    .start_i  (start && command_i.load_table),
    .address_i(command_i.coefficients),
    .bytes_i  (Int8 && command_i.int8),
    .busy_o   (table_busy),
    .req_o    (table_req),
    .addr_o   (table_addr),
    .gnt_i    (parameter_gnt_i && table_busy),
    .rvalid_i (parameter_rvalid_i && table_busy),
    .rdata_i  (parameter_rdata_i),
    .write_o  (table_write),
    .segment_o(table_segment),
    .entry_o  (table_entry)
  );

  assign parameter_req_o  = table_busy ? table_req : scale_req;
  assign parameter_addr_o = table_busy ? table_addr : scale_addr;
  assign parameter_mask_o = table_busy ? '1 : scale_mask;

  always_ff @(posedge clk_i) begin
    parameter_urgent_o <= tile_ready && stores && !parameters_ready && parameter_req_o;
  end

  parameter_buffer #(
    .ArraySize(ArraySize),
    .PortWords(PortWords),
    .Lanes    (Lanes),
    .Int8     (Int8)
  ) u_parameters (
    .clk_i,
    .rst_ni,
    .clear_i,
    .start_i       (starts_storing),
    .address_i     (command_i.parameters),
    .tiles_i       (command_i.tiles),
    .last_columns_i(command_i.last_columns),
    .scales_only_i (command_i.scales_only),
    .integer_i     (Int8 && command_i.int8),
    .adds_i        (command_i.residual),
    .req_o         (scale_req),
    .addr_o        (scale_addr),
    .mask_o        (scale_mask),
    .gnt_i         (parameter_gnt_i && !table_busy),
    .rvalid_i      (parameter_rvalid_i && !table_busy),
    .rdata_i       (parameter_rdata_i),
    .ready_o       (parameters_ready),
    .release_i     (tile_end && stores),
    .group_i       (group),
    .addition_i    (addition),
    .summand_o     (summand),
    .scale_o       (scale),
    .bias_o        (bias),
    .offset_o      (offsets)
  );

  logic [PortWords-1:0][31:0] residual;
  logic                       float_take;
  logic                       integer_take;

  residual_reader #(
    .ArraySize(ArraySize),
    .PortWords(PortWords),
    .Int8     (Int8)
  ) u_residual (
    .clk_i,
    .rst_ni,
    .clear_i,
    .start_i    (start && command_i.residual),
    .command_i,
    .req_o      (residual_req_o),
    .addr_o     (residual_addr_o),
    .mask_o     (residual_mask_o),
    .gnt_i      (residual_gnt_i),
    .rvalid_i   (residual_rvalid_i),
    .rdata_i    (residual_rdata_i),
    .available_o(residual_available),
    .claim_i    (adds && result),
    .take_i     (float_take || integer_take),
    .data_o     (residual)
  );

  logic                        float_valid;
  logic [StoreWords-1:0][31:0] float_value;
  logic                        integer_valid;
  logic [StoreWords-1:0][31:0] value;

  float_lanes #(
    .ArraySize(ArraySize),
    .PortWords(PortWords)
  ) u_floats (
    .clk_i,
    .rst_ni,
    .clear_i,
    .command_i,
    .read_i         (read && !integers),
    .first_i        (window_first),
    .result_i       (result && !integers),
    .group_i        (group),
    .sum_i          (read_data_i),
    .scale_i        (scale[StoreWords-1:0]),
    .bias_i         (bias[StoreWords-1:0]),
    .take_o         (float_take),
    .operand_i      (residual),
    .valid_o        (float_valid),
    .value_o        (float_value),
    .table_write_i  (table_write && !integers),
    .table_segment_i(table_segment),
    .table_entry_i  (table_entry)
  );

  if (Int8) begin : gen_integer
    localparam int unsigned Words = IntegerLanes / 4;

    integer_lanes #(
      .ArraySize(ArraySize),
      .PortWords(PortWords)
    ) u_integers (
      .clk_i,
      .rst_ni,
      .clear_i,
      .command_i,
      .summand_i    (summand),
      .ready_o      (integers_ready),
      .read_i       (read && integers),
      .first_i      (window_first),
      .result_i     (result && integers),
      .group_i      (group),
      .channels_i   (channels),
      .sum_i        (read_data_i),
      .multiplier_i (scale),
      .bias_i       (bias),
      .offset_i     (offsets),
      .addition_o   (addition),
      .take_o       (integer_take),
      .operand_i    (residual[Words-1:0]),
      .valid_o      (integer_valid),
      .float_value_i(float_value[Words-1:0]),
      .value_o      (value[Words-1:0]),
      .table_write_i(table_write && integers),
      .table_entry_i(table_segment[4:0]),
      .table_bytes_i(table_entry)
    );

    // There are no INT8 results in the words behind.
    if (StoreWords > Words) begin : gen_behind
      assign value[StoreWords-1:Words] = float_value[StoreWords-1:Words];
    end
  end else begin : gen_no_integer
    logic unused;

    assign unused         = ^{channels, summand, offsets};
    assign integers_ready = 1'b1;
    assign addition       = '0;
    assign integer_take   = 1'b0;
    assign integer_valid  = 1'b0;
    assign value          = float_value;
  end

  // Writing.
  logic                        result_req;
  logic [31:0]                 result_addr;
  logic [StoreWords-1:0]       result_mask;
  logic [StoreWords-1:0][31:0] result_data;
  logic                        profile_req;
  logic [31:0]                 profile_addr;
  logic [PortWords-1:0][31:0]  profile_data;

  result_queue #(
    .PortWords  (PortWords),
    .StoreWords (StoreWords),
    .BufferWidth(BufferWidth),
    .Depth      (QueueDepth)
  ) u_queue (
    .clk_i,
    .rst_ni,
    .clear_i,
    .to_memory_i  (command_i.to_memory),
    .to_buffer_i  (command_i.to_buffer),
    .begin_i      (result),
    .memory_addr_i(address),
    .buffer_addr_i(buffer_word),
    .mask_i       (mask),
    .value_valid_i(float_valid || integer_valid),
    .value_i      (value),
    .pending_o    (pending),
    .memory_req_o (result_req),
    .memory_gnt_i (write_gnt_i),
    .memory_addr_o(result_addr),
    .buffer_req_o,
    .buffer_gnt_i,
    .buffer_addr_o,
    .mask_o       (result_mask),
    .value_o      (result_data)
  );

  assign buffer_mask_o = result_mask;
  assign buffer_data_o = result_data;

  // When the last result has been written: the profile, if there is one.
  logic drained;
  logic profile_done;

  assign drained = state_q == StateDrain && pending == '0;

  profile_writer #(
    .PortWords(PortWords)
  ) u_profile (
    .clk_i,
    .rst_ni,
    .clear_i,
    .start_i   (drained && command_i.profile != '0 && !profile_req),
    .address_i (command_i.profile),
    .counters_i,
    .req_o     (profile_req),
    .addr_o    (profile_addr),
    .data_o    (profile_data),
    .gnt_i     (write_gnt_i),
    .done_o    (profile_done)
  );

  assign write_req_o   = profile_req || result_req;
  assign write_addr_o  = profile_req ? profile_addr : result_addr;
  assign write_mask_o  = profile_req ? '1 : result_mask[PortWords-1:0];
  assign write_data_o  = profile_req ? profile_data : result_data[PortWords-1:0];
  assign command_pop_o = drained && (command_i.profile == '0 || profile_done);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q  <= StateIdle;
      stored_o <= '0;
    end else if (clear_i) begin
      state_q  <= StateIdle;
      stored_o <= '0;
    end else begin
      unique case (state_q)
        StateTiles: if (tile_end && last_tile) state_q <= StateDrain;
        StateDrain: if (command_pop_o) state_q <= StateIdle;
        default: if (start) state_q <= StateTiles;
      endcase
      if (command_pop_o) stored_o <= stored_o + 16'd1;
    end
  end

`ifndef SYNTHESIS
  command_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      state_q != StateIdle && !clear_i |-> command_valid_i)
  else $error("the command is gone while it is carried out");

  tile_was_completed :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      tile_end && !clear_i |-> tiles_done_q != '0)
  else $error("a tile is stored before it is complete");

  profile_comes_last :
  assert property (@(posedge clk_i) disable iff (!rst_ni) profile_req |-> !result_req)
  else $error("the profile is written before the results");
`endif
endmodule
