// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Weight-stationary array of ArraySize x ArraySize processing elements.
///
/// Row r holds the weights of element r of the slice, column c those of output c. A slice enters
/// whole; row r is delayed by r cycles, and an activation reaches all columns of its row at once,
/// so all sums of a slice leave together, ArraySize + 1 cycles after it entered.
///
/// Weights come in beats of BeatBytes bytes, byte i of a tile being row i % ArraySize, column
/// i / ArraySize; beat b fills the shadow registers of bytes b * BeatBytes onwards. The weight bus
/// runs down the rows at the speed of the activations. Seen at the input, a tile is therefore
/// complete in the cycle after its last beat, and from the cycle of `swap_i` on the next tile may
/// be written.
///
/// With `depthwise_i` each column has activations of its own: those of a channel's kernel, whose
/// rows are `tap_i` and whose columns are taps of this slice and of the two before it. Array row 3
/// y + x has the weight of kernel row y and kernel column x. A row of the kernel reaches its three
/// array rows at once, but two cycles later than the sum that it belongs to reached the first of
/// them, so that each meets the activation of another column. Taps are unsigned bytes, which come
/// in every cycle, TapLead cycles before their slice; `activation_i` must be zero then.
///
/// With `pass_i`, where activations must be zero, column c has the sum `passed_i[c]` from the first
/// row on.
///
/// `low_o` has bits 10 to 17 of the sums behind each 8 rows but the last ones, not delayed.
module systolic_array #(
  parameter  int unsigned ArraySize  = 8,
  parameter  int unsigned BeatBytes  = 16,
  parameter  bit          Int8       = 1'b1,
  parameter  int unsigned TapLead    = 2,
  localparam int unsigned Beats      = ArraySize * ArraySize / BeatBytes,
  localparam int unsigned BeatWidth  = (Beats > 1) ? $clog2(Beats) : 1,
  localparam int unsigned KernelRows = (ArraySize >= 12) ? 3 : ArraySize / 4,
  localparam int unsigned Taps       = (ArraySize > 8) ? (ArraySize - 1) / 8 : 1
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  // Activations
  input  logic                       valid_i,
  input  logic                       swap_i,
  input  logic [ArraySize-1:0][26:0] activation_i,
  input  logic                       pass_i,
  input  logic [ArraySize-1:0][26:0] passed_i,
  input  logic                       depthwise_i,
  input  logic [KernelRows-1:0][ArraySize-1:0][7:0] tap_i,
  // Weights
  input  logic                       weight_valid_i,
  input  logic [BeatWidth-1:0]       weight_beat_i,
  input  logic [BeatBytes-1:0][7:0]  weight_i,
  // Sums
  output logic [ArraySize-1:0][39:0] sum_o,
  output logic [Taps-1:0][ArraySize-1:0][7:0] low_o
);
  localparam int unsigned KernelColumns = 3;

  // Travels from row to row, one row per cycle.
  logic [ArraySize-1:1]                     valid_q;
  logic [ArraySize-1:1]                     swap_q;
  logic [ArraySize-1:1]                     depthwise_q;
  logic [ArraySize-1:1]                     weight_valid_q;
  logic [ArraySize-1:1][BeatWidth-1:0]      weight_beat_q;
  logic [ArraySize-1:1][BeatBytes-1:0][7:0] weight_q;
  logic [ArraySize-1:0]                     row_valid;
  logic [ArraySize-1:0]                     row_swap;
  logic [ArraySize-1:0]                     row_depthwise;
  logic [ArraySize-1:0]                     row_weight_valid;
  logic [ArraySize-1:0][BeatWidth-1:0]      row_weight_beat;
  logic [ArraySize-1:0][BeatBytes-1:0][7:0] row_weight;

  assign row_valid        = {valid_q, valid_i};
  assign row_swap         = {swap_q, valid_i & swap_i};
  assign row_depthwise    = {depthwise_q, Int8 && depthwise_i};
  assign row_weight_valid = {weight_valid_q, weight_valid_i};
  assign row_weight_beat  = {weight_beat_q, weight_beat_i};
  assign row_weight       = {weight_q, weight_i};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q        <= '0;
      swap_q         <= '0;
      weight_valid_q <= '0;
    end else begin
      valid_q        <= row_valid[ArraySize-2:0];
      swap_q         <= row_swap[ArraySize-2:0];
      weight_valid_q <= row_weight_valid[ArraySize-2:0];
    end
  end

  always_ff @(posedge clk_i) depthwise_q <= row_depthwise[ArraySize-2:0];

  always_ff @(posedge clk_i) begin
    for (int unsigned r = 1; r < ArraySize; r++) begin
      if (row_weight_valid[r-1]) begin
        weight_beat_q[r] <= row_weight_beat[r-1];
        weight_q[r]      <= row_weight[r-1];
      end
    end
  end

  logic [ArraySize-1:0][39:0]              passed;
  logic [ArraySize:1][ArraySize-1:0][39:0] sum;
  logic [ArraySize:0][ArraySize-1:0][47:0] cascade;

  if (Int8) begin : gen_passed
    for (genvar c = 0; c < ArraySize; c++) begin : gen_column
      logic [26:0] passed_q;

      always_ff @(posedge clk_i) passed_q <= pass_i ? passed_i[c] : '0;

      assign passed[c] = 40'($signed(passed_q));
    end
  end else begin : gen_not_passed
    logic unused;

    assign unused = ^{pass_i, passed_i, tap_i};

    assign passed = '0;
  end

  assign cascade[0] = '0;
  assign sum_o      = sum[ArraySize];

  if (Int8 && ArraySize > 8) begin : gen_low
    for (genvar t = 0; t < Taps; t++) begin : gen_tap
      for (genvar c = 0; c < ArraySize; c++) begin : gen_column
        assign low_o[t][c] = sum[8*(t+1)][c][17:10];
      end
    end
  end else begin : gen_no_low
    assign low_o = '0;
  end

  // Kernel rows, each with the delay of its first array row and two cycles more, by circular buffers.
  logic [KernelRows-1:0][ArraySize-1:0][7:0] tap;

  if (Int8) begin : gen_taps
    localparam int unsigned PlaceWidth = $clog2(TapLead + KernelColumns * KernelRows + 1);

    logic [PlaceWidth-1:0] place_q;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) place_q <= '0;
      else place_q <= place_q + 1'b1;
    end

    for (genvar y = 0; y < KernelRows; y++) begin : gen_kernel_row
      localparam int unsigned Delay = TapLead + KernelColumns * (y + 1);

      logic [ArraySize-1:0][7:0] delayed[2**PlaceWidth];
      logic [PlaceWidth-1:0]     read_place;

      assign read_place = place_q - PlaceWidth'(Delay - 1);

      always_ff @(posedge clk_i) begin
        delayed[place_q] <= tap_i[y];
        tap[y]           <= delayed[read_place];
      end
    end
  end else begin : gen_no_taps
    assign tap = '0;
  end

  for (genvar r = 0; r < ArraySize; r++) begin : gen_row
    // Row r waits r cycles, plus one in which `swap` moves its weights.
    logic [r:0][26:0] activation_q;
    logic             enable_q;
    logic             taps_q;

    always_ff @(posedge clk_i) begin
      activation_q[0] <= activation_i[r];
      for (int unsigned d = 1; d <= r; d++) activation_q[d] <= activation_q[d-1];
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) enable_q <= 1'b0;
      else enable_q <= row_valid[r];
    end

    always_ff @(posedge clk_i) taps_q <= row_depthwise[r];

    for (genvar c = 0; c < ArraySize; c++) begin : gen_column
      localparam int unsigned Byte    = c * ArraySize + r;
      localparam bit          HasTaps = Int8 && r < KernelColumns * KernelRows;

      processing_element #(
        .First(r == 0)
      ) u_pe (
        .clk_i,
        .enable_i      (enable_q),
        .shadow_write_i(row_weight_valid[r] && row_weight_beat[r] == BeatWidth'(Byte / BeatBytes)),
        .swap_i        (row_swap[r]),
        .weight_i      (row_weight[r][Byte%BeatBytes]),
        .activation_i  (activation_q[r]),
        .taps_i        (HasTaps && taps_q),
        .tap_i         (HasTaps ? tap[HasTaps?r/KernelColumns : 0][c] : '0),
        .sum_i         (r == 0 ? passed[c] : '0),
        .cascade_i     (cascade[r][c]),
        .sum_o         (sum[r+1][c]),
        .cascade_o     (cascade[r+1][c])
      );
    end
  end
endmodule
