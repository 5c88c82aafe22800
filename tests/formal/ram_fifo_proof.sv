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

  typedef logic [DepthWidth:0] count_t;

  count_t           items_q = '0;  // inside
  count_t           ahead_q = '0;  // of the tagged one
  logic             is_tagged_q = 1'b0;
  logic             was_full_q = 1'b0;
  logic [Width-1:0] tagged_q;

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      items_q <= clear_i ? '0 : items_q + count_t'(push_i) - count_t'(pop_i);
      if (clear_i) is_tagged_q <= 1'b0;
      else if (!is_tagged_q && push_i && tag_i) begin
        is_tagged_q <= 1'b1;
        tagged_q    <= data_i;
        ahead_q     <= items_q - count_t'(pop_i);
      end else if (is_tagged_q && pop_i) begin
        if (ahead_q == 0) is_tagged_q <= 1'b0;
        else ahead_q <= ahead_q - 1'b1;
      end
      was_full_q <= !clear_i && (was_full_q || items_q == count_t'(Depth));
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      never_pushed_when_full : assume (!push_i || clear_i || items_q != count_t'(Depth));
      never_popped_when_empty : assume (!pop_i || clear_i || items_q != 0);

      count_is_right : assert (count == items_q);
      comes_out_in_order : assert (!is_tagged_q || ahead_q != 0 || head == tagged_q);

      full_then_empty : cover (was_full_q && items_q == 0);
    end
  end
endmodule
