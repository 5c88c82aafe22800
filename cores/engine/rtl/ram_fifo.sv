// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// FIFO in distributed RAM: its head is read without delay, nothing falls through.
///
/// Pushing when full or popping when empty is the owner's mistake; `count_o` lets it know better.
module ram_fifo #(
  parameter  int unsigned Width      = 32,
  parameter  int unsigned Depth      = 64,
  localparam int unsigned DepthWidth = $clog2(Depth)
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                clear_i,
  input  logic                push_i,
  input  logic [Width-1:0]    data_i,
  input  logic                pop_i,
  output logic [Width-1:0]    data_o,
  output logic [DepthWidth:0] count_o
);
  logic [Width-1:0]      memory[Depth];
  logic [DepthWidth-1:0] write_q;
  logic [DepthWidth-1:0] read_q;

  always_ff @(posedge clk_i) begin
    if (push_i) memory[write_q] <= data_i;
  end

  assign data_o = memory[read_q];

  // Pushes and pops are known late.
  logic [DepthWidth:0] more;
  logic [DepthWidth:0] less;

  assign more = count_o + 1'b1;
  assign less = count_o - 1'b1;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q  <= '0;
      count_o <= '0;
    end else if (clear_i) begin
      write_q <= '0;
      read_q  <= '0;
      count_o <= '0;
    end else begin
      if (push_i) write_q <= write_q + 1'b1;
      if (pop_i) read_q <= read_q + 1'b1;
      if (push_i != pop_i) count_o <= push_i ? more : less;
    end
  end

`ifndef SYNTHESIS
  no_overflow :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      push_i && !clear_i |-> count_o != (DepthWidth + 1)'(Depth))
  else $error("pushed when full");

  no_underflow :
  assert property (@(posedge clk_i) disable iff (!rst_ni) pop_i && !clear_i |-> count_o != '0)
  else $error("popped when empty");
`endif
endmodule
