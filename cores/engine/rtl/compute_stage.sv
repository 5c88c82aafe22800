// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Second stage of the engine: slices of activations through the array into the accumulators.
///
/// Holds the activation buffer, the sequencer that decides what enters the array, the array itself,
/// and the accumulators that the store path reads.
module compute_stage
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
  localparam int unsigned EntryWidth       = $clog2(AccumulatorDepth),
  localparam int unsigned LaneWidth        = $clog2(ArraySize + 1)
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  logic                        clear_i,
  // Commands
  input  logic                        command_valid_i,
  input  compute_command_t            command_i,
  output logic                        command_pop_o,
  // Progress of the stages
  input  logic                        fetching_i,
  input  logic                        fenced_i,
  input  logic [15:0]                 loaded_i,
  input  logic [15:0]                 stored_i,
  output logic [15:0]                 computed_o,
  // Words for the activation buffer
  input  logic [StoreWords-1:0]       write_mask_i,
  input  logic [BufferWidth-1:0]      write_address_i,
  input  logic [StoreWords-1:0][31:0] write_data_i,
  // Weights
  input  logic                        weight_available_i,
  input  logic                        weight_last_i,
  output logic                        weight_claim_o,
  output logic                        weight_take_o,
  input  logic [PortWords-1:0][31:0]  weight_i,
  // Sums, for the store path
  output logic                        tile_done_o,
  input  logic                        sum_read_i,
  input  logic                        sum_second_i,
  input  logic [EntryWidth-1:0]       sum_entry_i,
  output logic                        sum_ready_o,
  output logic [ArraySize-1:0][31:0]  sum_o,
  // Accounts
  output logic                        issue_o,
  output logic [LaneWidth-1:0]        issue_lanes_o,
  output logic [LaneWidth-1:0]        issue_columns_o,
  output logic                        issue_pairs_o,
  output waits_t                      waits_o,
  output error_t                      error_o
);
  logic [BufferWidth-1:0]                  issue_address;
  logic [MostCrossings:1][LaneWidth-1:0]   issue_crossing;
  logic [MostCrossings:0][BufferWidth-1:0] issue_skip;
  logic                                    issue_groups;
  logic [LaneGroups-1:1][BufferWidth-1:0]  issue_group_skip;
  logic                                    issue_integer;
  logic                                    issue_depthwise;
  logic [1:0]                              issue_second_group;
  logic                                    issue_result;
  logic                                    issue_swap;
  logic                                    issue_bypass;
  logic                                    issue_maximum;
  logic                                    issue_first;
  logic                                    issue_tile_done;
  logic [EntryWidth-1:0]                   issue_entry;

  sequencer #(
    .ArraySize       (ArraySize),
    .BufferWords     (BufferWords),
    .AccumulatorDepth(AccumulatorDepth),
    .Int8            (Int8)
  ) u_sequencer (
    .clk_i,
    .rst_ni,
    .clear_i,
    .command_valid_i,
    .command_i,
    .command_pop_o,
    .fetching_i,
    .fenced_i,
    .loaded_i,
    .stored_i,
    .computed_o,
    .weight_available_i,
    .weight_last_i,
    .weight_claim_o,
    .issue_o,
    .issue_address_o   (issue_address),
    .issue_lanes_o,
    .issue_crossing_o  (issue_crossing),
    .issue_skip_o      (issue_skip),
    .issue_groups_o    (issue_groups),
    .issue_group_skip_o(issue_group_skip),
    .issue_integer_o   (issue_integer),
    .issue_depthwise_o (issue_depthwise),
    .issue_pairs_o,
    .issue_second_group_o(issue_second_group),
    .issue_result_o    (issue_result),
    .issue_swap_o      (issue_swap),
    .issue_bypass_o    (issue_bypass),
    .issue_maximum_o   (issue_maximum),
    .issue_first_o     (issue_first),
    .issue_tile_done_o (issue_tile_done),
    .issue_entry_o     (issue_entry),
    .issue_columns_o,
    .waits_o,
    .error_o
  );

  localparam int unsigned Banks      = 2 ** $clog2(ArraySize);
  localparam int unsigned KernelRows = kernel_rows(ArraySize);

  logic [Banks-1:0][31:0] activations;

  activation_buffer #(
    .ArraySize  (ArraySize),
    .WriteWords (StoreWords),
    .BufferWords(BufferWords),
    .Int8       (Int8)
  ) u_buffer (
    .clk_i,
    .write_mask_i,
    .write_address_i,
    .write_data_i,
    .read_i         (issue_o),
    .read_address_i (issue_address),
    .read_crossing_i(issue_crossing),
    .read_skip_i    (issue_skip),
    .read_groups_i  (issue_groups),
    .read_group_skip_i(issue_group_skip),
    .read_data_o    (activations)
  );

  // What goes with the slice through buffer, array and adder.
  typedef struct packed {
    logic                  integers;
    logic                  result;
    logic                  first;
    logic                  maximum;
    logic                  tile_done;
    logic [EntryWidth-1:0] entry;
  } tag_t;

  typedef struct packed {
    logic                 valid;
    logic                 swap;
    logic                 bypass;
    logic                 depthwise;
    logic                 pairs;
    logic [1:0]           second_group;
    logic                 weight_load;
    tag_t                 tag;
  } slice_t;

  slice_t [BufferLatency-1:0] slice_q;
  slice_t                     slice;
  logic [ArraySize-1:0]       lane_valid;

  // How many lanes are valid; a cycle later, which ones.
  logic [BufferLatency-2:0][LaneWidth-1:0] lanes_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) slice_q <= '0;
    else if (clear_i) slice_q <= '0;
    else begin
      slice_q <= {
        slice_q[BufferLatency-2:0],
        issue_o,
        issue_swap,
        issue_bypass,
        issue_depthwise,
        issue_pairs_o,
        issue_second_group,
        weight_claim_o,
        issue_integer,
        issue_result,
        issue_first,
        issue_maximum,
        issue_tile_done,
        issue_entry
      };
    end
  end

  assign slice = slice_q[BufferLatency-1];
  always_ff @(posedge clk_i) begin
    lanes_q <= {lanes_q[BufferLatency-3:0], issue_lanes_o};
    for (int unsigned i = 0; i < ArraySize; i++) begin
      lane_valid[i] <= LaneWidth'(i) < lanes_q[BufferLatency-2];
    end
  end

  // INT8 words.
  logic [ArraySize-1:0][7:0]                 first_bytes;
  logic [ArraySize-1:0][7:0]                 second_bytes;
  logic [KernelRows-1:0][ArraySize-1:0][7:0] taps;

  if (Int8) begin : gen_unpacker
    lane_unpacker #(
      .ArraySize(ArraySize)
    ) u_unpacker (
      .second_group_i(slice.second_group),
      .word_i        (activations),
      .first_o       (first_bytes),
      .second_o      (second_bytes),
      .tap_o         (taps)
    );
  end else begin : gen_no_unpacker
    logic unused;

    assign unused       = ^{slice.second_group, activations};
    assign first_bytes  = '0;
    assign second_bytes = '0;
    assign taps         = '0;
  end

  logic                       product_valid;
  tag_t                       product_tag;
  logic [ArraySize-1:0][31:0] product;
  logic [ArraySize-1:0][19:0] first_product;
  logic [ArraySize-1:0][19:0] second_product;
  logic [ArraySize-1:0]       second_carry;

  slice_product #(
    .ArraySize(ArraySize),
    .BeatBytes(4 * PortWords),
    .Int8     (Int8),
    .TagWidth ($bits(tag_t))
  ) u_products (
    .clk_i,
    .rst_ni,
    .clear_i,
    .valid_i      (slice.valid),
    .swap_i       (slice.swap),
    .bypass_i     (slice.bypass),
    .integer_i    (slice.tag.integers),
    .depthwise_i  (slice.depthwise),
    .pairs_i      (slice.pairs),
    .tag_i        (slice.tag),
    .lane_valid_i (lane_valid),
    .activation_i (activations[ArraySize-1:0]),
    .first_i      (first_bytes),
    .second_i     (second_bytes),
    .tap_i        (taps),
    .weight_load_i(slice.weight_load),
    .weight_take_o,
    .weight_i,
    .valid_o      (product_valid),
    .tag_o        (product_tag),
    .product_o    (product),
    .first_sum_o  (first_product),
    .second_sum_o (second_product),
    .second_carry_o(second_carry)
  );

  accumulators #(
    .ArraySize(ArraySize),
    .Depth    (AccumulatorDepth),
    .Int8     (Int8)
  ) u_accumulators (
    .clk_i,
    .rst_ni,
    .clear_i,
    .valid_i       (product_valid && product_tag.result),
    .integer_i     (product_tag.integers),
    .first_i       (product_tag.first),
    .maximum_i     (product_tag.maximum),
    .tile_done_i   (product_tag.tile_done),
    .entry_i       (product_tag.entry),
    .product_i     (product),
    .first_sum_i   (first_product),
    .second_sum_i  (second_product),
    .second_carry_i(second_carry),
    .tile_done_o,
    .read_i        (sum_read_i),
    .read_second_i (sum_second_i),
    .read_entry_i  (sum_entry_i),
    .read_ready_o  (sum_ready_o),
    .read_data_o   (sum_o)
  );

`ifndef SYNTHESIS
  initial begin
    assert (u_products.Latency == ArraySize + ProductLatency
            && u_products.IntegerLatency == ArraySize + IntegerProductLatency)
    else $fatal(1, "slice_product takes longer or shorter than the contract says");
  end
`endif
endmodule
