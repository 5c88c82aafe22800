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

  stages_t full;

  assign full_o = full != '0;

  head_fifo #(
    .Width($bits(load_command_t)),
    .Depth(Depth)
  ) u_load (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (push_i.load),
    .data_i (commands_i.load),
    .pop_i  (pop_i.load),
    .valid_o(valid_o.load),
    .data_o (commands_o.load),
    .full_o (full.load)
  );

  head_fifo #(
    .Width($bits(weight_command_t)),
    .Depth(Depth)
  ) u_weight (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (push_i.weight),
    .data_i (commands_i.weight),
    .pop_i  (pop_i.weight),
    .valid_o(valid_o.weight),
    .data_o (commands_o.weight),
    .full_o (full.weight)
  );

  head_fifo #(
    .Width($bits(compute_command_t)),
    .Depth(Depth)
  ) u_compute (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (push_i.compute),
    .data_i (commands_i.compute),
    .pop_i  (pop_i.compute),
    .valid_o(valid_o.compute),
    .data_o (commands_o.compute),
    .full_o (full.compute)
  );

  head_fifo #(
    .Width($bits(store_command_t)),
    .Depth(StoreDepth)
  ) u_store (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (push_i.store),
    .data_i (commands_i.store),
    .pop_i  (pop_i.store),
    .valid_o(valid_o.store),
    .data_o (commands_o.store),
    .full_o (full.store)
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
