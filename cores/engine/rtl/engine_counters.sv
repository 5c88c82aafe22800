// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Where the cycles of a chain went, since the doorbell.
module engine_counters
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize = 8,
  localparam int unsigned LaneWidth = $clog2(ArraySize + 1)
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 clear_i,
  input  logic                 count_i,
  input  logic                 issue_i,
  input  logic [LaneWidth-1:0] issue_lanes_i,
  input  logic [LaneWidth-1:0] issue_columns_i,
  input  logic                 issue_pairs_i,
  input  waits_t               waits_i,
  input  logic                 stall_i,
  output counters_t            counters_o
);
  logic [2*LaneWidth-1:0] products;
  logic [2*LaneWidth:0]   macs_q;

  assign products = issue_lanes_i * issue_columns_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      counters_o <= '0;
      macs_q     <= '0;
    end else if (clear_i) begin
      counters_o <= '0;
      macs_q     <= '0;
    end else if (count_i) begin
      macs_q <= !issue_i ? '0 : issue_pairs_i ? {products, 1'b0} : {1'b0, products};

      counters_o.cycles           <= counters_o.cycles + 32'd1;
      counters_o.busy             <= counters_o.busy + 32'(issue_i);
      counters_o.wait_descriptor  <= counters_o.wait_descriptor + 32'(waits_i.descriptor);
      counters_o.wait_activations <= counters_o.wait_activations + 32'(waits_i.activations);
      counters_o.wait_weights     <= counters_o.wait_weights + 32'(waits_i.weights);
      counters_o.wait_accumulator <= counters_o.wait_accumulator + 32'(waits_i.accumulator);
      counters_o.wait_store       <= counters_o.wait_store + 32'(waits_i.store);
      counters_o.bus_stalls       <= counters_o.bus_stalls + 32'(stall_i);
      counters_o.macs             <= counters_o.macs + 32'(macs_q);
    end
  end
endmodule
