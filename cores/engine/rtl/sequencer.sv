/// Decides in each cycle which slice enters the array, or what it has to wait for.
///
/// The order of a descriptor is: slices of K, within them output tiles, within them rows. A row's slice
/// enters when its activations are loaded, the tile's weights are complete in the shadow registers, the
/// accumulators are free of earlier results, and the adder has written the sum that it adds to. At
/// most one descriptor that computes no more may still be storing.
module sequencer
  import engine_pkg::*;
#(
    parameter  int unsigned ArraySize        = 8,
    parameter  int unsigned PortWords        = 4,
    parameter  int unsigned BufferWords      = 16384,
    parameter  int unsigned AccumulatorDepth = 1024,
    // Cycles from one use of an accumulator to the next, issue to issue.
    parameter  int unsigned HazardDistance   = 6,
    localparam int unsigned BufferWidth      = $clog2(BufferWords),
    localparam int unsigned EntryWidth       = $clog2(AccumulatorDepth),
    localparam int unsigned LaneWidth        = $clog2(ArraySize + 1)
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     clear_i,
    // Commands
    input  logic                     command_valid_i,
    input  compute_command_t         command_i,
    output logic                     command_pop_o,
    // Progress of the other stages
    input  logic                     fetching_i,
    input  logic                     fenced_i,
    input  logic [15:0]              loaded_i,
    input  logic [15:0]              stored_i,
    output logic [15:0]              computed_o,
    // Weights
    input  logic                     weight_available_i,
    output logic                     weight_claim_o,
    // The slice that is issued
    output logic                     issue_o,
    output logic [BufferWidth-1:0]   issue_address_o,
    output logic [LaneWidth-1:0]     issue_lanes_o,
    output logic                     issue_swap_o,
    output logic                     issue_first_o,
    output logic                     issue_tile_done_o,
    output logic [EntryWidth-1:0]    issue_entry_o,
    // Accounts
    output logic [LaneWidth-1:0]     issue_columns_o,
    output logic                     wait_descriptor_o,
    output logic                     wait_activations_o,
    output logic                     wait_weights_o,
    output logic                     wait_accumulator_o,
    output logic                     wait_store_o,
    output error_t                   error_o
);

  localparam int unsigned Beats     = ArraySize * ArraySize / (4 * PortWords);
  localparam int unsigned BeatWidth = $clog2(Beats + 1);

  // Position in the loops.
  logic [15:0] word_q;
  logic [15:0] tile_q;
  logic [15:0] row_q;
  logic [31:0] row_offset_q;  // row_q * pitch
  logic [31:0] entry_q;  // tile_q * rows + row_q
  logic [15:0] column_q;  // tile_q * ArraySize
  logic        row_end;
  logic        tile_end;
  logic        word_end;
  logic [15:0] words_left;
  logic [15:0] columns_left;

  assign words_left   = command_i.words - word_q;
  assign columns_left = command_i.columns - column_q;
  assign row_end      = row_q == command_i.rows - 16'd1;
  assign tile_end     = tile_q == command_i.tiles - 16'd1;
  assign word_end     = words_left <= 16'(ArraySize);

  // Conditions.
  logic loaded;
  logic store_behind;
  logic tile_ready;
  logic hazard;
  logic ready;

  assign loaded       = loaded_i != command_i.index;
  assign store_behind = 16'(command_i.reports - stored_i) > 16'd1;
  assign ready        = command_valid_i && loaded && !store_behind;

  // The tile in the shadow registers: a beat is claimed whenever one is there and the tile is either
  // incomplete or becomes active in this very cycle.
  logic [BeatWidth-1:0] beats_q;

  assign tile_ready     = beats_q == BeatWidth'(Beats);
  assign weight_claim_o = weight_available_i && (!tile_ready || (issue_o && issue_swap_o));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      beats_q <= '0;
    end else if (clear_i) begin
      beats_q <= '0;
    end else if (issue_o && issue_swap_o) begin
      beats_q <= BeatWidth'(weight_claim_o);
    end else begin
      beats_q <= beats_q + BeatWidth'(weight_claim_o);
    end
  end

  // Accumulators whose sum is still in the adder.
  logic [HazardDistance-2:0]                 recent_valid_q;
  logic [HazardDistance-2:0][EntryWidth-1:0] recent_entry_q;

  always_comb begin
    hazard = 1'b0;
    for (int unsigned i = 0; i < HazardDistance - 1; i++) begin
      if (recent_valid_q[i] && recent_entry_q[i] == issue_entry_o && !issue_first_o) hazard = 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) recent_valid_q <= '0;
    else recent_valid_q <= {recent_valid_q[HazardDistance-3:0], issue_o};
  end

  always_ff @(posedge clk_i) begin
    recent_entry_q <= {recent_entry_q[HazardDistance-3:0], issue_entry_o};
  end

  // Addresses, with the bits above the buffers' sizes kept to see an overflow.
  logic [32:0] address;
  logic [32:0] entry;
  logic        buffer_overflow;
  logic        accumulator_overflow;

  assign address              = 33'(command_i.buffer_base) + 33'(word_q) + 33'(row_offset_q);
  assign entry                = 33'(command_i.accumulator) + 33'(entry_q);
  assign buffer_overflow      = address + 33'(issue_lanes_o) > 33'(BufferWords);
  assign accumulator_overflow = entry >= 33'(AccumulatorDepth);

  assign error_o = '{
          valid: ready && (buffer_overflow || accumulator_overflow),
          code: buffer_overflow ? ErrorBuffer : ErrorAccumulator,
          index: command_i.index
      };

  assign issue_address_o   = address[BufferWidth-1:0];
  assign issue_entry_o     = entry[EntryWidth-1:0];
  assign issue_lanes_o     = word_end ? words_left[LaneWidth-1:0] : LaneWidth'(ArraySize);
  assign issue_columns_o   = (columns_left < 16'(ArraySize)) ? columns_left[LaneWidth-1:0]
      : LaneWidth'(ArraySize);
  assign issue_swap_o      = row_q == '0;
  assign issue_first_o     = command_i.first && word_q == '0;
  assign issue_tile_done_o = command_i.report && word_end && row_end;

  // One reason a cycle.
  assign wait_descriptor_o  = !command_valid_i && fetching_i;
  assign wait_store_o       = (!command_valid_i && !fetching_i)
      || (command_valid_i && ((!loaded && fenced_i) || (loaded && store_behind)));
  assign wait_activations_o = command_valid_i && !loaded && !fenced_i;
  assign wait_weights_o     = ready && issue_swap_o && !tile_ready;
  assign wait_accumulator_o = ready && hazard && !wait_weights_o;
  assign issue_o            = ready && !wait_weights_o && !hazard && !error_o.valid;
  assign command_pop_o      = issue_o && row_end && tile_end && word_end;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      word_q       <= '0;
      tile_q       <= '0;
      column_q     <= '0;
      row_q        <= '0;
      row_offset_q <= '0;
      entry_q      <= '0;
      computed_o   <= '0;
    end else if (clear_i) begin
      word_q       <= '0;
      tile_q       <= '0;
      column_q     <= '0;
      row_q        <= '0;
      row_offset_q <= '0;
      entry_q      <= '0;
      computed_o   <= '0;
    end else if (issue_o) begin
      row_q        <= row_end ? '0 : row_q + 16'd1;
      row_offset_q <= row_end ? '0 : row_offset_q + 32'(command_i.buffer_pitch);
      entry_q      <= (row_end && tile_end) ? '0 : entry_q + 32'd1;
      if (row_end) begin
        tile_q   <= tile_end ? '0 : tile_q + 16'd1;
        column_q <= tile_end ? '0 : column_q + 16'(ArraySize);
      end
      if (row_end && tile_end) word_q <= word_end ? '0 : word_q + 16'(ArraySize);
      if (command_pop_o) computed_o <= computed_o + 16'd1;
    end
  end

endmodule
