/// The commands that wait in front of each stage of the engine.
///
/// A descriptor is pushed to all queues at once, but to the weights' and the store path's only with
/// `push_weight_i` and `push_store_i`.
module command_queues
  import engine_pkg::*;
(
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             clear_i,
    input  logic             push_i,
    input  logic             push_weight_i,
    input  logic             push_store_i,
    output logic             full_o,
    // In
    input  load_command_t    load_i,
    input  weight_command_t  weight_i,
    input  compute_command_t compute_i,
    input  store_command_t   store_i,
    // Out
    output logic             load_valid_o,
    output load_command_t    load_o,
    input  logic             load_pop_i,
    output logic             weight_valid_o,
    output weight_command_t  weight_o,
    input  logic             weight_pop_i,
    output logic             compute_valid_o,
    output compute_command_t compute_o,
    input  logic             compute_pop_i,
    output logic             store_valid_o,
    output store_command_t   store_o,
    input  logic             store_pop_i
);

  // More may wait to be stored than may be computed before that, so that the wait is the sequencer's
  // and is counted as one for the store path.
  localparam int unsigned Depth      = 2;
  localparam int unsigned StoreDepth = 4;

  logic [3:0] full;
  logic [3:0] empty;

  assign full_o          = |full;
  assign load_valid_o    = !empty[0];
  assign weight_valid_o  = !empty[1];
  assign compute_valid_o = !empty[2];
  assign store_valid_o   = !empty[3];

  fifo_v3 #(
      .dtype(load_command_t),
      .DEPTH(Depth)
  ) u_load (
      .clk_i,
      .rst_ni,
      .flush_i   (clear_i),
      .testmode_i(1'b0),
      .full_o    (full[0]),
      .empty_o   (empty[0]),
      .usage_o   (),
      .data_i    (load_i),
      .push_i    (push_i),
      .data_o    (load_o),
      .pop_i     (load_pop_i)
  );

  fifo_v3 #(
      .dtype(weight_command_t),
      .DEPTH(Depth)
  ) u_weight (
      .clk_i,
      .rst_ni,
      .flush_i   (clear_i),
      .testmode_i(1'b0),
      .full_o    (full[1]),
      .empty_o   (empty[1]),
      .usage_o   (),
      .data_i    (weight_i),
      .push_i    (push_weight_i),
      .data_o    (weight_o),
      .pop_i     (weight_pop_i)
  );

  fifo_v3 #(
      .dtype(compute_command_t),
      .DEPTH(Depth)
  ) u_compute (
      .clk_i,
      .rst_ni,
      .flush_i   (clear_i),
      .testmode_i(1'b0),
      .full_o    (full[2]),
      .empty_o   (empty[2]),
      .usage_o   (),
      .data_i    (compute_i),
      .push_i    (push_i),
      .data_o    (compute_o),
      .pop_i     (compute_pop_i)
  );

  fifo_v3 #(
      .dtype(store_command_t),
      .DEPTH(StoreDepth)
  ) u_store (
      .clk_i,
      .rst_ni,
      .flush_i   (clear_i),
      .testmode_i(1'b0),
      .full_o    (full[3]),
      .empty_o   (empty[3]),
      .usage_o   (),
      .data_i    (store_i),
      .push_i    (push_store_i),
      .data_o    (store_o),
      .pop_i     (store_pop_i)
  );

endmodule
