// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Products of one slice of activations with an ArraySize x ArraySize tile of weights: FP32 in,
/// FP32 out, or INT8 in and exact integers out.
///
/// FP32: aligns the slice, multiplies exactly in integers, and rounds each column's sum once.
/// `integer_i`: the slice has an INT8 activation a lane, or two of them with `pairs_i`, and each
/// column has a sum of either, the second one of which is one more with `second_carry_o`.
/// `depthwise_i` as well: each column multiplies its own kernel, as systolic_array tells, and has
/// one sum, `first_sum_o`; its activations are `tap_i`, in two's complement, to each of which 128
/// is added.
///
/// `swap_i` makes the tile that was loaded last the active one, from this slice on. With `bypass_i`
/// the activation of lane c itself is the result of column c, zero where the lane is not valid.
///
/// `weight_load_i` claims one beat of the next tile: the beat itself is taken from `weight_i` in a
/// later cycle, when `weight_take_o` is high. A tile consists of the beats that were claimed in
/// earlier cycles than its `swap_i`, the first columns first; results of columns whose weights were
/// not loaded mean nothing. The beats of the tile after it may be claimed from that cycle on.
///
/// Latency: ArraySize + 7 cycles, one less of INT8 slices, of which none may follow an FP32 one at
/// once; one slice per cycle; `tag_i` travels along.
module slice_product #(
  parameter  int unsigned ArraySize  = 8,
  parameter  int unsigned BeatBytes  = 16,
  parameter  bit          Int8       = 1'b1,
  parameter  int unsigned TagWidth   = 1,
  localparam int unsigned KernelRows = (ArraySize >= 12) ? 3 : ArraySize / 4
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       clear_i,
  // Activations
  input  logic                       valid_i,
  input  logic                       swap_i,
  input  logic                       bypass_i,
  input  logic                       integer_i,
  input  logic                       depthwise_i,
  input  logic                       pairs_i,
  input  logic [TagWidth-1:0]        tag_i,
  input  logic [ArraySize-1:0]       lane_valid_i,
  input  logic [ArraySize-1:0][31:0] activation_i,
  input  logic [ArraySize-1:0][7:0]  first_i,
  input  logic [ArraySize-1:0][7:0]  second_i,
  input  logic [KernelRows-1:0][ArraySize-1:0][7:0] tap_i,
  // Weights
  input  logic                       weight_load_i,
  output logic                       weight_take_o,
  input  logic [BeatBytes-1:0][7:0]  weight_i,
  // Products
  output logic                       valid_o,
  output logic [TagWidth-1:0]        tag_o,
  output logic [ArraySize-1:0][31:0] product_o,
  output logic [ArraySize-1:0][19:0] first_sum_o,
  output logic [ArraySize-1:0][19:0] second_sum_o,
  output logic [ArraySize-1:0]       second_carry_o
);
  localparam int unsigned AlignLatency     = 4;
  localparam int unsigned ArrayLatency     = ArraySize + 1;
  localparam int unsigned NormalizeLatency = 2;
  localparam int unsigned Latency          = AlignLatency + ArrayLatency + NormalizeLatency;
  localparam int unsigned IntegerLatency   = Latency - 1;
  localparam int unsigned Beats            = ArraySize * ArraySize / BeatBytes;
  localparam int unsigned BeatWidth        = $clog2(Beats + 1);
  localparam int unsigned BusWidth         = (Beats > 1) ? $clog2(Beats) : 1;

  logic [ArraySize-1:0][26:0] operand;
  logic [7:0]                 exponent;
  logic                       special;
  logic [ArraySize-1:0][39:0] sum;

  // INT8.
  localparam int unsigned LowTaps = (ArraySize > 8) ? (ArraySize - 1) / 8 : 1;

  logic [LowTaps-1:0][ArraySize-1:0][7:0]    low;
  logic                                      packs;  // in the last stage of the alignment
  logic                                      zero;
  logic [AlignLatency-1:0][ArraySize-1:0][7:0] first_q;
  logic [AlignLatency-1:0][ArraySize-1:0][7:0] second_q;
  logic [ArraySize-1:0][8:0]                 upper_q;
  logic [ArraySize-1:0][26:0]                pair;
  logic [ArraySize-1:0][26:0]                passed_pair;
  logic                                      pass;
  logic                                      depthwise;
  logic [KernelRows-1:0][ArraySize-1:0][7:0] tap;

  // Control, delayed like the data.
  logic [Latency-1:0]                valid_q;
  logic [Latency-1:0][TagWidth-1:0]  tag_q;
  logic [Latency-1:0]                bypass_q;
  logic [AlignLatency-1:0]           swap_q;
  logic [AlignLatency-1:0]           weight_load_q;
  logic [BeatWidth-1:0]              beat;
  logic [BeatWidth-1:0]              beat_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q       <= '0;
      swap_q        <= '0;
      weight_load_q <= '0;
    end else if (clear_i) begin
      valid_q       <= '0;
      swap_q        <= '0;
      weight_load_q <= '0;
    end else begin
      valid_q       <= {valid_q[Latency-2:0], valid_i};
      swap_q        <= {swap_q[AlignLatency-2:0], swap_i};
      weight_load_q <= {weight_load_q[AlignLatency-2:0], weight_load_i};
    end
  end

  always_ff @(posedge clk_i) begin
    tag_q    <= {tag_q[Latency-2:0], tag_i};
    bypass_q <= {bypass_q[Latency-2:0], bypass_i};
  end

  assign weight_take_o = weight_load_q[AlignLatency-1];

  // Beats of the next tile that were taken; the next one is the tile's first if the array moves on
  // to the tile that was loaded before.
  logic swap;

  assign swap = valid_q[AlignLatency-1] && swap_q[AlignLatency-1];
  assign beat = swap ? '0 : beat_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      beat_q <= '0;
    end else if (clear_i) begin
      beat_q <= '0;
    end else begin
      beat_q <= beat + BeatWidth'(weight_take_o);
    end
  end

  float_align #(
    .ArraySize(ArraySize)
  ) u_align (
    .clk_i,
    .enable_i  ({valid_q[AlignLatency-2:0], valid_i && !(Int8 && integer_i)}),
    .lane_valid_i,
    .activation_i,
    .packed_i  (packs),
    .zero_i    (zero),
    .integer_i (pair),
    .value_o   (operand),
    .exponent_o(exponent),
    .special_o (special)
  );

  systolic_array #(
    .ArraySize(ArraySize),
    .BeatBytes(BeatBytes),
    .Int8     (Int8),
    .TapLead  (AlignLatency)
  ) u_array (
    .clk_i,
    .rst_ni,
    .valid_i       (valid_q[AlignLatency-1]),
    .swap_i        (swap),
    .activation_i  (operand),
    .pass_i        (pass),
    .passed_i      (passed_pair),
    .depthwise_i   (depthwise),
    .tap_i         (tap),
    .weight_valid_i(weight_take_o),
    .weight_beat_i (BusWidth'(beat)),
    .weight_i,
    .sum_o         (sum),
    .low_o         (low)
  );

  // The exponent bypasses the array.
  logic [ArrayLatency-1:0][7:0] exponent_q;
  logic [ArrayLatency-1:0]      special_q;

  always_ff @(posedge clk_i) begin
    exponent_q <= {exponent_q[ArrayLatency-2:0], exponent};
    special_q  <= {special_q[ArrayLatency-2:0], special};
  end

  // Data that bypasses the array goes through a circular buffer with the array's latency, and so do
  // the valid lanes: the register behind it is what makes the others zero.
  localparam int unsigned PlaceWidth = $clog2(Latency - 1);

  logic [ArraySize-1:0][31:0] passing[Latency-1];
  logic [ArraySize-1:0]       passing_valid[Latency-1];
  logic [PlaceWidth-1:0]      place_q;
  logic [ArraySize-1:0][31:0] passed_q;
  logic [ArraySize-1:0][31:0] product;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) place_q <= '0;
    else place_q <= (place_q == PlaceWidth'(Latency - 2)) ? '0 : place_q + 1'b1;
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < ArraySize; i++) begin
      passed_q[i] <= passing_valid[place_q][i] ? passing[place_q][i] : '0;
    end
    if (valid_i && bypass_i && !(Int8 && integer_i)) begin
      passing[place_q]       <= activation_i;
      passing_valid[place_q] <= lane_valid_i;
    end
  end

  assign product_o = bypass_q[Latency-1] ? passed_q : product;

  // INT8 operands and sums take the way of the FP32 ones. Lanes that are not valid are zero, and so
  // are all second activations without `pairs_i`.
  if (Int8) begin : gen_integer
    logic [Latency-1:0] integer_q;
    logic [Latency-2:0] depthwise_q;
    logic               integer_valid;

    always_ff @(posedge clk_i) begin
      integer_q   <= {integer_q[Latency-2:0], integer_i};
      depthwise_q <= {depthwise_q[Latency-3:0], integer_i && depthwise_i};
      for (int unsigned i = 0; i < ArraySize; i++) begin
        first_q[0][i]  <= lane_valid_i[i] ? first_i[i] : '0;
        second_q[0][i] <= (lane_valid_i[i] && pairs_i) ? second_i[i] : '0;
        // The first number's sign goes through all bits of the second one.
        upper_q[i]     <= 9'($signed(second_q[AlignLatency-3][i]))
            - 9'(first_q[AlignLatency-3][i][7]);
      end
      first_q[AlignLatency-1:1]  <= first_q[AlignLatency-2:0];
      second_q[AlignLatency-1:1] <= second_q[AlignLatency-2:0];
    end

    assign integer_valid = valid_q[IntegerLatency-2] && integer_q[IntegerLatency-2];

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) valid_o <= 1'b0;
      else if (clear_i) valid_o <= 1'b0;
      else valid_o <= (valid_q[Latency-2] && !integer_q[Latency-2]) || integer_valid;
    end

    always_ff @(posedge clk_i) begin
      tag_o <= tag_q[integer_valid ? IntegerLatency - 2 : Latency - 2];
    end

    assign packs     = integer_q[AlignLatency-2];
    assign zero      = packs && (bypass_q[AlignLatency-2] || depthwise_q[AlignLatency-2]);
    assign pass      = integer_q[AlignLatency-1] && bypass_q[AlignLatency-1];
    assign depthwise = depthwise_q[AlignLatency-1];

    for (genvar i = 0; i < ArraySize; i++) begin : gen_passed
      // second * 2^18 + first
      assign pair[i] = {upper_q[i], {10{first_q[AlignLatency-2][i][7]}}, first_q[AlignLatency-2][i]};
      assign passed_pair[i] = {second_q[AlignLatency-1][i][7], second_q[AlignLatency-1][i],
                               {10{first_q[AlignLatency-1][i][7]}}, first_q[AlignLatency-1][i]};
    end

    always_comb begin
      for (int unsigned y = 0; y < KernelRows; y++) begin
        for (int unsigned i = 0; i < ArraySize; i++) tap[y][i] = tap_i[y][i] ^ 8'h80;
      end
    end

    pair_sums #(
      .ArraySize(ArraySize)
    ) u_sums (
      .clk_i,
      .low_i   (low),
      .sum_i   (sum),
      .whole_i (depthwise_q[Latency-2]),
      .apart_i (bypass_q[Latency-2]),
      .first_o (first_sum_o),
      .second_o(second_sum_o),
      .carry_o (second_carry_o)
    );
  end else begin : gen_no_integer
    logic unused;

    assign unused       = ^{depthwise_i, pairs_i, first_i, second_i, tap_i, first_q, second_q,
                            upper_q, low};
    assign valid_o      = valid_q[Latency-1];
    assign tag_o        = tag_q[Latency-1];
    assign packs        = 1'b0;
    assign zero         = 1'b0;
    assign first_q      = '0;
    assign second_q     = '0;
    assign upper_q      = '0;
    assign pair         = '0;
    assign passed_pair  = '0;
    assign pass         = 1'b0;
    assign depthwise    = 1'b0;
    assign tap          = '0;
    assign first_sum_o  = '0;
    assign second_sum_o = '0;
    assign second_carry_o = '0;
  end

  logic [NormalizeLatency-1:0] normalize_enable;

  assign normalize_enable = valid_q[Latency-2-:NormalizeLatency];

  // 2^(E - 152) is the weight of the sum's lowest bit; bit 39 then has the exponent E + 14.
  logic [8:0] room;

  assign room = 9'(exponent_q[ArrayLatency-1]) + 9'd13;

  for (genvar c = 0; c < ArraySize; c++) begin : gen_normalize
    fp32_normalize #(
      .Width(40)
    ) u_normalize (
      .clk_i,
      .enable_i   (normalize_enable),
      .sign_i     (sum[c][39]),
      .cancelled_i(1'b0),
      .negative_i (sum[c][39]),
      .number_i   (sum[c]),
      .room_i     (room),
      .infinity_i (1'b0),
      .nan_i      (special_q[ArrayLatency-1]),
      .result_o   (product[c])
    );
  end

`ifndef SYNTHESIS
  swapped_tile_was_loaded :
  assert property (@(posedge clk_i) disable iff (!rst_ni) swap |-> beat_q != '0)
  else $error("a tile is used of which nothing was loaded");

  beats_in_bounds :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      weight_take_o |-> beat < BeatWidth'(Beats))
  else $error("a tile of more beats than it has");
`endif
endmodule
