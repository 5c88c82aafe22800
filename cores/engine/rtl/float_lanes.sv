// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The store path's lanes for FP32 jobs: from the sums of a tile's columns to words of results. A
/// window's largest sums are found for all columns at once; the lanes of a group then take theirs.
///
/// With `read_i`, which reads an accumulator entry, comes whether it is its window's first; with
/// `result_i`, the window's last entry has been read or is being read, and the group is that of
/// store_walker. A cycle later come the sums and biases, two cycles later scales. `take_o` takes the
/// operand.
/// Results come StoreLatency cycles after `result_i`, functions FunctionLatency cycles later.
///
/// Lanes behind PortWords lack operand, function and slope.
module float_lanes
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize    = 8,
  parameter  int unsigned PortWords    = 4,
  localparam int unsigned StoreWords   = store_words(ArraySize, PortWords),
  localparam int unsigned Groups       = ArraySize / PortWords,
  localparam int unsigned GroupWidth   = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int unsigned SegmentWidth = $clog2(Segments)
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  logic                        clear_i,
  input  store_command_t              command_i,
  // Reads
  input  logic                        read_i,
  input  logic                        first_i,
  input  logic                        result_i,
  input  logic [GroupWidth-1:0]       group_i,
  input  logic [ArraySize-1:0][31:0]  sum_i,
  input  logic [StoreWords-1:0][31:0] scale_i,
  input  logic [StoreWords-1:0][31:0] bias_i,
  output logic                        take_o,
  input  logic [PortWords-1:0][31:0]  operand_i,
  // Results
  output logic                        valid_o,
  output logic [StoreWords-1:0][31:0] value_o,
  // The table
  input  logic                        table_write_i,
  input  logic [SegmentWidth-1:0]     table_segment_i,
  input  logic [63:0]                 table_entry_i
);
  localparam int unsigned ResidualDelay = 10;  // accumulators 1, window 1, group 1, scale 3, bias 4
  localparam int unsigned FactorDelay   = ResidualDelay + 4;
  localparam int unsigned LongLatency   = StoreLatency + FunctionLatency;

  logic [StoreWords-1:0][31:0] scale_q;
  logic [1:0][StoreWords-1:0][31:0] bias_q;
  logic [1:0][GroupWidth-1:0]  group_q;
  logic                        read_q;
  logic                        first_q;
  logic [LongLatency-1:0]      valid_q;

  // Results that are no functions leave sooner: the next descriptor must not see them.
  logic longer;

  assign longer  = valid_q[StoreLatency-1] && command_i.apply_table;
  assign valid_o = command_i.apply_table ? valid_q[LongLatency-1] : valid_q[StoreLatency-1];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else if (clear_i) valid_q <= '0;
    else begin
      valid_q <= {valid_q[LongLatency-2:StoreLatency], longer, valid_q[StoreLatency-2:0], result_i};
    end
  end

  always_ff @(posedge clk_i) begin
    read_q  <= read_i;
    first_q <= first_i;
    group_q <= {group_q[0], group_i};
    scale_q <= scale_i;
    bias_q  <= {bias_q[0], command_i.scales_only ? {StoreWords{fp32_pkg::NegativeZero}} : bias_i};
  end

  logic [ArraySize-1:0][31:0]  maximum;
  logic [StoreWords-1:0][31:0] sum_q;

  window_maximum #(
    .ArraySize(ArraySize)
  ) u_window (
    .clk_i,
    .valid_i  (read_q),
    .first_i  (first_q),
    .sum_i,
    .maximum_o(maximum)
  );

  // The group's words. Lanes behind PortWords only work in groups that begin at multiples of
  // StoreWords, and not behind the last column.
  localparam int unsigned Wide = StoreWords / PortWords;

  for (genvar i = 0; i < StoreWords; i++) begin : gen_sum
    logic [Groups-1:0][31:0] choices;

    for (genvar g = 0; g < Groups; g++) begin : gen_choice
      localparam int unsigned First = ((i < PortWords) ? g : g / Wide * Wide) * PortWords;

      assign choices[g] = maximum[(First+i)%ArraySize];
    end

    always_ff @(posedge clk_i) sum_q[i] <= choices[group_q[1]];
  end

  // When a result meets its operand.
  localparam int unsigned DelayWidth = $clog2(LongLatency);

  logic [DelayWidth-1:0] take_delay;

  assign take_delay = DelayWidth'(
      (command_i.factor != FactorOperand) ? ResidualDelay
      : command_i.apply_table ? FactorDelay + FunctionLatency : FactorDelay);
  assign take_o     = command_i.residual && valid_q[take_delay-1];

  for (genvar i = 0; i < StoreWords; i++) begin : gen_lane
    localparam bit Full = i < PortWords;

    logic [31:0] operand;

    if (Full) begin : gen_residual
      assign operand = operand_i[i];
    end else begin : gen_none
      assign operand = '0;
    end

    postprocess_lane #(
      .Full(Full)
    ) u_lane (
      .clk_i,
      .enable_i       (valid_q[LongLatency-2:2]),
      .sum_i          (sum_q[i]),
      .scale_i        (scale_q[i]),
      .bias_i         (bias_q[1][i]),
      .operand_i      (operand),
      .adds_i         (command_i.residual && command_i.factor != FactorOperand),
      .apply_table_i  (command_i.apply_table),
      .factor_i       (command_i.factor),
      .slope_i        (command_i.slope),
      .clamp_low_i    (command_i.clamp_low),
      .clamp_high_i   (command_i.clamp_high),
      .value_o        (value_o[i]),
      .reach_i        (command_i.table_reach),
      .fraction_i     (command_i.table_fraction),
      .table_write_i,
      .table_segment_i,
      .table_entry_i
    );
  end
endmodule
