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
  stages_t empty;

  assign full_o  = |full;
  assign valid_o = ~empty;

  fifo_v3 #(
      .dtype(load_command_t),
      .DEPTH(Depth)
  ) u_load (
      .clk_i,
      .rst_ni,
      .flush_i   (clear_i),
      .testmode_i(1'b0),
      .full_o    (full.load),
      .empty_o   (empty.load),
      .usage_o   (),
      .data_i    (commands_i.load),
      .push_i    (push_i.load),
      .data_o    (commands_o.load),
      .pop_i     (pop_i.load)
  );

  fifo_v3 #(
      .dtype(weight_command_t),
      .DEPTH(Depth)
  ) u_weight (
      .clk_i,
      .rst_ni,
      .flush_i   (clear_i),
      .testmode_i(1'b0),
      .full_o    (full.weight),
      .empty_o   (empty.weight),
      .usage_o   (),
      .data_i    (commands_i.weight),
      .push_i    (push_i.weight),
      .data_o    (commands_o.weight),
      .pop_i     (pop_i.weight)
  );

  fifo_v3 #(
      .dtype(compute_command_t),
      .DEPTH(Depth)
  ) u_compute (
      .clk_i,
      .rst_ni,
      .flush_i   (clear_i),
      .testmode_i(1'b0),
      .full_o    (full.compute),
      .empty_o   (empty.compute),
      .usage_o   (),
      .data_i    (commands_i.compute),
      .push_i    (push_i.compute),
      .data_o    (commands_o.compute),
      .pop_i     (pop_i.compute)
  );

  fifo_v3 #(
      .dtype(store_command_t),
      .DEPTH(StoreDepth)
  ) u_store (
      .clk_i,
      .rst_ni,
      .flush_i   (clear_i),
      .testmode_i(1'b0),
      .full_o    (full.store),
      .empty_o   (empty.store),
      .usage_o   (),
      .data_i    (commands_i.store),
      .push_i    (push_i.store),
      .data_o    (commands_o.store),
      .pop_i     (pop_i.store)
  );

endmodule
