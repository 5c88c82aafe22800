// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Proof of head_fifo: items come out as they went in, each once and in order, at most two cycles
/// after they went in or one after the item before them left.
///
/// One pushed item, chosen by `tag_i`, is followed until it is popped or the FIFO is cleared. The
/// owner never pushes when full or pops when empty.
module head_fifo_proof #(
  parameter int unsigned Width = 1,
  parameter int unsigned Depth = 4
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

  logic             full, valid;
  logic [Width-1:0] head;

  head_fifo #(
    .Width(Width),
    .Depth(Depth)
  ) dut (
    .clk_i,
    .rst_ni (rst_n),
    .clear_i,
    .push_i,
    .data_i,
    .full_o (full),
    .valid_o(valid),
    .pop_i,
    .data_o (head)
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

  logic [1:0] hidden_q = '0;  // cycles in which there were items but none at the head

  always_ff @(posedge clk_i) begin
    if (rst_n) hidden_q <= (clear_i || valid || items == 0) ? '0 : hidden_q + 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      never_pushed_when_full : assume (!push_i || clear_i || items != count_t'(Depth));
      never_popped_when_empty : assume (!pop_i || clear_i || valid);

      full_is_right : assert (full == (items == count_t'(Depth)));
      valid_is_an_item : assert (!valid || items != 0);
      item_shows_after_one_cycle : assert (hidden_q < 2);
      comes_out_in_order : assert (!is_tagged || ahead != 0 || !valid || head == followed);

      full_then_empty : cover (was_full && items == 0);
    end
  end
endmodule
