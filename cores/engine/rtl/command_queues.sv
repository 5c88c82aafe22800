// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The commands that wait in front of each stage of the engine.
///
/// A descriptor is pushed to all queues that have a command of it at once, so `full_o` stands for all.
module command_queues
  import engine_pkg::*;
(
  input  logic      clk_i,
  input  logic      rst_ni,
  input  logic      clear_i,
  input  stages_t   push_i,
  input  commands_t commands_i,
  output logic      full_o,
  output stages_t   valid_o,
  output commands_t commands_o,
  input  stages_t   pop_i
);
  // More may wait to be stored than may be computed before that, so that the wait is the sequencer's
  // and is counted as one for the store path.
  localparam int unsigned Depth      = 2;
  localparam int unsigned StoreDepth = 4;

  logic [$clog2(Depth):0]      loads;
  logic [$clog2(Depth):0]      weights;
  logic [$clog2(Depth):0]      computes;
  logic [$clog2(StoreDepth):0] stores;

  assign valid_o = '{
    load: loads != '0,
    weight: weights != '0,
    compute: computes != '0,
    store: stores != '0
  };

  assign full_o  = 32'(loads) == Depth || 32'(weights) == Depth || 32'(computes) == Depth
      || 32'(stores) == StoreDepth;

  ram_fifo #(
    .Width($bits(load_command_t)),
    .Depth(Depth)
  ) u_load (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (push_i.load),
    .data_i (commands_i.load),
    .pop_i  (pop_i.load),
    .data_o (commands_o.load),
    .count_o(loads)
  );

  ram_fifo #(
    .Width($bits(weight_command_t)),
    .Depth(Depth)
  ) u_weight (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (push_i.weight),
    .data_i (commands_i.weight),
    .pop_i  (pop_i.weight),
    .data_o (commands_o.weight),
    .count_o(weights)
  );

  ram_fifo #(
    .Width($bits(compute_command_t)),
    .Depth(Depth)
  ) u_compute (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (push_i.compute),
    .data_i (commands_i.compute),
    .pop_i  (pop_i.compute),
    .data_o (commands_o.compute),
    .count_o(computes)
  );

  ram_fifo #(
    .Width($bits(store_command_t)),
    .Depth(StoreDepth)
  ) u_store (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (push_i.store),
    .data_i (commands_i.store),
    .pop_i  (pop_i.store),
    .data_o (commands_o.store),
    .count_o(stores)
  );

`ifndef SYNTHESIS
  pushed_with_space :
  assert property (@(posedge clk_i) disable iff (!rst_ni) push_i != '0 |-> !full_o)
  else $error("a descriptor is pushed when a queue is full");

  popped_what_is_there :
  assert property (@(posedge clk_i) disable iff (!rst_ni) (pop_i & ~valid_o) == '0 || clear_i)
  else $error("a command that is not there is popped");
`endif
endmodule
