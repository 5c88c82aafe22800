// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Proof of ram_fifo: items come out as they went in, each once and in order, and are counted.
///
/// One pushed item, chosen by `tag_i`, is followed until it is popped or the FIFO is cleared. The
/// owner never pushes when full or pops when empty.
module ram_fifo_proof #(
  parameter  int unsigned Width      = 1,
  parameter  int unsigned Depth      = 4,
  localparam int unsigned DepthWidth = $clog2(Depth)
) (
  input logic             clk_i,
  input logic             tag_i,
  input logic             clear_i,
  input logic             push_i,
  input logic [Width-1:0] data_i,
  input logic             pop_i
);
  logic rst_n = 1'b0;

  always_ff @(posedge clk_i) rst_n <= 1'b1;

  logic [Width-1:0]    head;
  logic [DepthWidth:0] count;

  ram_fifo #(
    .Width(Width),
    .Depth(Depth)
  ) dut (
    .clk_i,
    .rst_ni (rst_n),
    .clear_i,
    .push_i,
    .data_i,
    .pop_i,
    .data_o (head),
    .count_o(count)
  );

  typedef logic [$clog2(Depth):0] count_t;

  count_t           items;  // inside
  count_t           ahead;  // of the tagged one
  logic             is_tagged, was_full;
  logic [Width-1:0] followed;

  tagged_item #(
    .Width(Width),
    .Depth(Depth)
  ) u_tagged (
    .clk_i,
    .rst_ni     (rst_n),
    .tag_i,
    .clear_i,
    .push_i,
    .data_i,
    .pop_i,
    .items_o    (items),
    .is_tagged_o(is_tagged),
    .ahead_o    (ahead),
    .data_o     (followed),
    .was_full_o (was_full)
  );

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      never_pushed_when_full : assume (!push_i || clear_i || items != count_t'(Depth));
      never_popped_when_empty : assume (!pop_i || clear_i || items != 0);

      count_is_right : assert (count == items);
      comes_out_in_order : assert (!is_tagged || ahead != 0 || head == followed);

      full_then_empty : cover (was_full && items == 0);
    end
  end
endmodule
