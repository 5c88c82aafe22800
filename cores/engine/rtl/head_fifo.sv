// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// FIFO in distributed RAM whose head is in registers, for what long paths begin with.
///
/// What is pushed is at the head two cycles later, at the earliest. Depth counts the head.
/// Pushing when full or popping when empty is the owner's mistake.
module head_fifo #(
  parameter  int unsigned Width      = 32,
  parameter  int unsigned Depth      = 2,
  localparam int unsigned CountWidth = $clog2(Depth + 1)
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             clear_i,
  input  logic             push_i,
  input  logic [Width-1:0] data_i,
  output logic             full_o,
  output logic             valid_o,
  input  logic             pop_i,
  output logic [Width-1:0] data_o
);
  localparam int unsigned WaitingWidth = $clog2(Depth);

  logic [CountWidth-1:0] count_q;
  logic [WaitingWidth:0] waiting;  // behind the head
  logic [Width-1:0]      next;
  logic                  advance;

  assign full_o = count_q == CountWidth'(Depth);

  ram_fifo #(
    .Width(Width),
    .Depth(Depth)
  ) u_waiting (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i,
    .data_i,
    .pop_i  (advance && waiting != '0),
    .data_o (next),
    .count_o(waiting)
  );

  pipeline_register #(
    .Width(Width)
  ) u_head (
    .clk_i,
    .rst_ni,
    .clear_i,
    .valid_i(waiting != '0),
    .ready_o(advance),
    .data_i (next),
    .valid_o,
    .ready_i(pop_i),
    .data_o
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) count_q <= '0;
    else if (clear_i) count_q <= '0;
    else count_q <= count_q + CountWidth'(push_i) - CountWidth'(pop_i);
  end

`ifndef SYNTHESIS
  no_overflow :
  assert property (@(posedge clk_i) disable iff (!rst_ni) push_i && !clear_i |-> !full_o)
  else $error("pushed when full");

  no_underflow :
  assert property (@(posedge clk_i) disable iff (!rst_ni) pop_i && !clear_i |-> valid_o)
  else $error("popped when empty");
`endif
endmodule
