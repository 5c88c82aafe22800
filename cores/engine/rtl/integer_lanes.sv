// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The store path's lanes for INT8 jobs: from the sums of a tile's columns to words of results.
///
/// `read_i` reads an accumulator entry: with it come the group of store_walker, its number of
/// channels and whether the entry is its window's first; with `result_i` it is the last one, too. A
/// cycle later come the sums and their biases, two cycles later multipliers, three cycles later
/// offsets. Results come IntegerStoreLatency cycles after the read.
///
/// Results that an operand is added to go through the requantisers again, and come
/// IntegerOperandLatency cycles later. There must be no read without `ready_o`, so that in the long
/// run there is one every other cycle. `addition_o` tells that the bias of an addition is to come,
/// and then its multiplier and offset; `take_o` takes the operand. `summand_i` has the upper and
/// the lower bound of the results that operands are added to, 9 bits each, and in its lowest byte
/// the zero point of operands.
module integer_lanes
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize  = 8,
  parameter  int unsigned PortWords  = 4,
  localparam int unsigned Lanes        = integer_channels(ArraySize, PortWords),
  localparam int unsigned Groups       = ArraySize / PortWords,
  localparam int unsigned GroupWidth   = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int unsigned ChannelWidth = $clog2(ArraySize + 1)
) (
  input  logic                            clk_i,
  input  logic                            rst_ni,
  input  logic                            clear_i,
  input  store_command_t                  command_i,
  input  logic [25:0]                     summand_i,
  // Reads
  output logic                            ready_o,
  input  logic                            read_i,
  input  logic                            first_i,
  input  logic                            result_i,
  input  logic [GroupWidth-1:0]           group_i,
  input  logic [ChannelWidth-1:0]         channels_i,
  input  logic [ArraySize-1:0][31:0]      sum_i,
  input  logic [Lanes-1:0][31:0]          multiplier_i,
  input  logic [Lanes-1:0][31:0]          bias_i,
  input  logic [Lanes-1:0][31:0]          offset_i,
  output logic                            addition_o,
  output logic                            take_o,
  input  logic [Lanes/4-1:0][31:0]        operand_i,
  // Results; those of FP32 jobs pass by
  output logic                            valid_o,
  input  logic [Lanes/4-1:0][31:0]        float_value_i,
  output logic [Lanes/4-1:0][31:0]        value_o,
  // The table
  input  logic                            table_write_i,
  input  logic [4:0]                      table_entry_i,
  input  logic [63:0]                     table_bytes_i
);
  // Groups of Lanes channels; the last one may not be full.
  localparam int unsigned Steps     = (ArraySize + Lanes - 1) / Lanes;
  localparam int unsigned StepWidth = (Steps > 1) ? $clog2(Steps) : 1;
  // From the read to the requantised number, to the result, and to the sum with an operand.
  localparam int unsigned ValueDelay    = 5;
  localparam int unsigned Latency       = IntegerStoreLatency;
  localparam int unsigned AddingLatency = IntegerStoreLatency + IntegerOperandLatency;

  logic                     adds;
  logic                     passes;
  logic [StepWidth-1:0]     step_q;
  logic [ValueDelay-1:0]    read_q;
  logic [ValueDelay-1:0]    first_q;
  logic [AddingLatency-1:0] result_q;

  // Of the job, known before its first result.
  always_ff @(posedge clk_i) begin
    adds   <= command_i.residual;
    passes <= !command_i.int8;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      result_q <= '0;
      ready_o  <= 1'b1;
    end else if (clear_i) begin
      result_q <= '0;
      ready_o  <= 1'b1;
    end else begin
      result_q <= {result_q[AddingLatency-2:Latency], result_q[Latency-1] && adds,
                   result_q[Latency-2:0], result_i};
      ready_o  <= !(adds && result_q[ValueDelay-3]);
    end
  end

  always_ff @(posedge clk_i) begin
    step_q   <= StepWidth'(32'(group_i) / (Lanes / PortWords));
    read_q   <= {read_q[ValueDelay-2:0], read_i};
    first_q  <= {first_q[ValueDelay-2:0], first_i};
  end

  // Additions: the five stages of the requantisers that have one. The first one has it when the
  // number from the first pass becomes the largest of its window.
  logic [4:0] addition;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) addition <= '0;
    else if (clear_i) addition <= '0;
    else addition <= {addition[3:0], adds && result_q[ValueDelay-2]};
  end

  assign addition_o = addition[0];
  assign take_o     = addition[1];
  assign valid_o    = adds ? result_q[AddingLatency-1] : result_q[Latency-1];

  // What becomes a summand has no zero point, and bounds of its own.
  logic signed [7:0] zero_point;
  logic              ties_even;
  logic signed [8:0] low;
  logic signed [8:0] high;

  assign zero_point = (adds && !addition[3]) ? '0 : $signed(command_i.zero_point);
  assign ties_even  = command_i.ties_even && !addition[3];
  assign low        = (adds && !addition[4]) ? summand_i[16:8]
      : 9'($signed(command_i.integer_low));
  assign high       = (adds && !addition[4]) ? summand_i[25:17]
      : 9'($signed(command_i.integer_high));

  // Which channels of a result's words exist: all, but for the job's last channels.
  logic                     whole;
  logic [AddingLatency-1:0] whole_q;
  logic [Lanes-1:0]         channels_q;
  logic [Lanes-1:0]         exists;

  assign whole = channels_i[1:0] == '0;

  always_ff @(posedge clk_i) begin
    whole_q <= {whole_q[AddingLatency-2:0], whole};
    if (result_i && !whole) begin
      for (int unsigned i = 0; i < Lanes; i++) channels_q[i] <= ChannelWidth'(i) < channels_i;
    end
  end

  assign exists = channels_q | {Lanes{adds ? whole_q[AddingLatency-1] : whole_q[Latency-1]}};

  for (genvar i = 0; i < Lanes; i++) begin : gen_lane
    logic [Steps-1:0][31:0] sums;

    for (genvar s = 0; s < Steps; s++) begin : gen_step
      assign sums[s] = sum_i[(s*Lanes+i)%ArraySize];
    end

    integer_lane u_lane (
      .clk_i,
      .sum_i         (sums[step_q]),
      .no_sum_i      (addition[0]),
      .bias_i        (bias_i[i]),
      .multiplier_i  (multiplier_i[i]),
      .offset_i      (offset_i[i]),
      .addition_i    (addition[1]),
      .operand_i     (operand_i[i/4][8*(i%4)+:8]),
      .operand_zero_i(summand_i[7:0]),
      .ties_even_i   (ties_even),
      .zero_point_i  (zero_point),
      .low_i         (low),
      .high_i        (high),
      .valid_i       (read_q[ValueDelay-1]),
      .first_i       (first_q[ValueDelay-1]),
      .adds_i        (adds),
      .apply_table_i (command_i.apply_table),
      .exists_i      (exists[i]),
      .passes_i      (passes),
      .passed_i      (float_value_i[i/4][8*(i%4)+:8]),
      .value_o       (value_o[i/4][8*(i%4)+:8]),
      .table_write_i,
      .table_entry_i,
      .table_bytes_i
    );
  end

`ifndef SYNTHESIS
  no_read_in_the_way :
  assert property (@(posedge clk_i) disable iff (!rst_ni) read_i |-> ready_o)
  else $error("a sum meets an addition in the requantisers");
`endif
endmodule
