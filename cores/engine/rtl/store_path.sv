/// Takes finished sums through scale, bias and clamp to memory, PortWords words a cycle.
///
/// Works tile by tile as the accumulators complete them, then writes the descriptor's profile and
/// counts the descriptor as stored. One that stores nothing is counted when its tiles are complete.
module store_path
  import engine_pkg::*;
#(
    parameter  int unsigned ArraySize        = 8,
    parameter  int unsigned PortWords        = 4,
    parameter  int unsigned AccumulatorDepth = 1024,
    localparam int unsigned EntryWidth       = $clog2(AccumulatorDepth)
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic                       clear_i,
    // Commands
    input  logic                       command_valid_i,
    input  store_command_t             command_i,
    output logic                       command_pop_o,
    output logic [15:0]                stored_o,
    // Accumulators
    input  logic                       tile_done_i,
    output logic                       read_o,
    output logic [EntryWidth-1:0]      read_entry_o,
    input  logic                       read_ready_i,
    input  logic [ArraySize-1:0][31:0] read_data_i,
    // Memory, reading parameters
    output logic                       parameter_req_o,
    output logic [31:0]                parameter_addr_o,
    input  logic                       parameter_gnt_i,
    input  logic                       parameter_rvalid_i,
    input  logic [PortWords-1:0][31:0] parameter_rdata_i,
    // Memory, writing outputs and profile
    output logic                       write_req_o,
    output logic [31:0]                write_addr_o,
    output logic [PortWords-1:0]       write_mask_o,
    output logic [PortWords-1:0][31:0] write_data_o,
    input  logic                       write_gnt_i,
    // Counters for the profile
    input  counters_t                  counters_i
);

  localparam int unsigned Groups       = ArraySize / PortWords;
  localparam int unsigned GroupWidth   = (Groups > 1) ? $clog2(Groups) : 1;
  localparam int unsigned ProfileWords = 8;
  localparam int unsigned ProfileBeats = ProfileWords / PortWords;
  localparam int unsigned ProfileWidth = $clog2(ProfileBeats + 1);
  localparam int unsigned Latency      = 9;  // accumulators 1, post-processing 8
  localparam int unsigned QueueDepth   = 16;
  localparam int unsigned QueueWidth   = $clog2(QueueDepth) + 1;

  typedef struct packed {
    logic [31:0]          address;
    logic [PortWords-1:0] mask;
  } place_t;

  typedef enum logic [1:0] {
    StateIdle,
    StateTiles,
    StateDrain,
    StateProfile
  } state_e;

  state_e state_q;
  logic   start;

  assign start = state_q == StateIdle && command_valid_i;

  // Tiles that the accumulators have completed and that are not stored yet.
  logic [15:0] tiles_done_q;
  logic        tile_end;

  // Position in the loops: tiles, rows, groups of PortWords columns.
  logic [15:0]           tile_q;
  logic [15:0]           row_q;
  logic [GroupWidth-1:0] group_q;
  logic [31:0]           tile_address_q;
  logic [31:0]           row_address_q;
  logic [31:0]           entry_q;
  logic [15:0]           tile_base_q;  // first column of the tile
  logic [15:0]           column_q;  // first column of the group
  logic [15:0]           columns_left;  // from this group on
  logic                  tile_empty;
  logic                  group_end;
  logic                  row_end;
  logic                  issue;
  logic                  parameters_ready;
  logic [QueueWidth-1:0] pending_q;  // issued and not yet written
  logic                  queue_pop;

  assign columns_left = command_i.columns - column_q;
  assign tile_empty   = !command_i.store || tile_base_q >= command_i.columns;
  assign group_end    = group_q == GroupWidth'(Groups - 1) || columns_left <= 16'(PortWords);
  assign row_end      = row_q == command_i.rows - 16'd1;

  assign read_o       = state_q == StateTiles && tiles_done_q != '0 && !tile_empty
      && parameters_ready && pending_q != QueueWidth'(QueueDepth);
  assign read_entry_o = EntryWidth'(entry_q);
  assign issue        = read_o && read_ready_i;
  assign tile_end     = (issue && group_end && row_end)
      || (state_q == StateTiles && tiles_done_q != '0 && tile_empty
          && (!command_i.store || parameters_ready));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tiles_done_q <= '0;
      pending_q    <= '0;
    end else if (clear_i) begin
      tiles_done_q <= '0;
      pending_q    <= '0;
    end else begin
      tiles_done_q <= tiles_done_q + 16'(tile_done_i) - 16'(tile_end);
      pending_q    <= pending_q + QueueWidth'(issue) - QueueWidth'(queue_pop);
    end
  end

  always_ff @(posedge clk_i) begin
    if (start) begin
      tile_q         <= '0;
      row_q          <= '0;
      group_q        <= '0;
      tile_base_q      <= '0;
      column_q       <= '0;
      tile_address_q <= command_i.destination;
      row_address_q  <= command_i.destination;
      entry_q        <= 32'(command_i.accumulator);
    end else if (tile_end) begin
      tile_q         <= tile_q + 16'd1;
      row_q          <= '0;
      group_q        <= '0;
      tile_base_q      <= tile_base_q + 16'(ArraySize);
      column_q       <= tile_base_q + 16'(ArraySize);
      tile_address_q <= tile_address_q + 32'(4 * ArraySize);
      row_address_q  <= tile_address_q + 32'(4 * ArraySize);
      entry_q        <= entry_q + 32'd1;
    end else if (issue && group_end) begin
      row_q         <= row_q + 16'd1;
      group_q       <= '0;
      column_q      <= tile_base_q;
      row_address_q <= row_address_q + command_i.destination_pitch;
      entry_q       <= entry_q + 32'd1;
    end else if (issue) begin
      group_q  <= group_q + 1'b1;
      column_q <= column_q + 16'(PortWords);
    end
  end

  // Scale and bias of the group. They are read with the sums, a cycle before the data arrives.
  logic [PortWords-1:0][31:0] scale;
  logic [PortWords-1:0][31:0] bias;
  logic [PortWords-1:0][31:0] scale_q;
  logic [PortWords-1:0][31:0] bias_q;
  logic [GroupWidth-1:0]      group_data_q;

  parameter_buffer #(
      .ArraySize(ArraySize),
      .PortWords(PortWords)
  ) u_parameters (
      .clk_i,
      .rst_ni,
      .clear_i,
      .start_i  (start && command_i.store),
      .address_i(command_i.parameters),
      .tiles_i  (command_i.tiles),
      .req_o    (parameter_req_o),
      .addr_o   (parameter_addr_o),
      .gnt_i    (parameter_gnt_i),
      .rvalid_i (parameter_rvalid_i),
      .rdata_i  (parameter_rdata_i),
      .ready_o  (parameters_ready),
      .release_i(tile_end && command_i.store),
      .group_i  (group_q),
      .scale_o  (scale),
      .bias_o   (bias)
  );

  logic [Latency-1:0]   valid_q;
  place_t [Latency-1:0] place_q;
  place_t               place;

  assign place.address = row_address_q + 32'(group_q) * 32'(4 * PortWords);
  always_comb begin
    for (int unsigned i = 0; i < PortWords; i++) place.mask[i] = 16'(i) < columns_left;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else if (clear_i) valid_q <= '0;
    else valid_q <= {valid_q[Latency-2:0], issue};
  end

  always_ff @(posedge clk_i) begin
    place_q <= {place_q[Latency-2:0], place};
    if (issue) begin
      scale_q      <= scale;
      bias_q       <= bias;
      group_data_q <= group_q;
    end
  end

  logic [PortWords-1:0][31:0] value;

  for (genvar i = 0; i < PortWords; i++) begin : gen_lane
    logic [Groups-1:0][31:0] choices;

    for (genvar g = 0; g < Groups; g++) begin : gen_choice
      assign choices[g] = read_data_i[g*PortWords+i];
    end

    postprocess_lane u_lane (
        .clk_i,
        .sum_i       (choices[group_data_q]),
        .scale_i     (scale_q[i]),
        .bias_i      (bias_q[i]),
        .clamp_low_i (command_i.clamp_low),
        .clamp_high_i(command_i.clamp_high),
        .value_o     (value[i])
    );
  end

  // What is ready to be written. The queue has a place for all that is issued.
  logic [QueueWidth-1:0]      queue_count;
  place_t                     queue_place;
  logic [PortWords-1:0][31:0] queue_data;

  ram_fifo #(
      .Width($bits(place_t) + 32 * PortWords),
      .Depth(QueueDepth)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .clear_i,
      .push_i (valid_q[Latency-1]),
      .data_i ({place_q[Latency-1], value}),
      .pop_i  (queue_pop),
      .data_o ({queue_place, queue_data}),
      .count_o(queue_count)
  );

  // The profile: eight counters, as they stood when the last output was written.
  logic [ProfileWords-1:0][31:0] profile_q;
  logic [ProfileWidth-1:0]       profile_beat_q;
  logic                          profile_end;

  assign queue_pop    = write_gnt_i && state_q != StateProfile;
  assign profile_end  = write_gnt_i && profile_beat_q == ProfileWidth'(ProfileBeats - 1);
  assign write_req_o  = state_q == StateProfile || queue_count != '0;
  assign write_addr_o = (state_q == StateProfile)
      ? command_i.profile + 32'(profile_beat_q) * 32'(4 * PortWords) : queue_place.address;
  assign write_mask_o = (state_q == StateProfile) ? '1 : queue_place.mask;
  assign write_data_o = (state_q == StateProfile) ? profile_q[PortWords-1:0] : queue_data;

  always_ff @(posedge clk_i) begin
    if (state_q == StateDrain) begin
      profile_q      <= counters_i[ProfileWords*32-1:0];
      profile_beat_q <= '0;
    end else if (write_gnt_i) begin
      profile_q      <= profile_q >> (32 * PortWords);
      profile_beat_q <= profile_beat_q + 1'b1;
    end
  end

  logic drained;
  assign drained       = state_q == StateDrain && pending_q == '0;
  assign command_pop_o = (drained && command_i.profile == '0)
      || (state_q == StateProfile && profile_end);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q  <= StateIdle;
      stored_o <= '0;
    end else if (clear_i) begin
      state_q  <= StateIdle;
      stored_o <= '0;
    end else begin
      unique case (state_q)
        StateTiles: if (tile_end && tile_q == command_i.tiles - 16'd1) state_q <= StateDrain;
        StateDrain: if (drained) state_q <= (command_i.profile != '0) ? StateProfile : StateIdle;
        StateProfile: if (profile_end) state_q <= StateIdle;
        default: if (start) state_q <= StateTiles;
      endcase
      if (command_pop_o) stored_o <= stored_o + 16'd1;
    end
  end

endmodule
