// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// A clock that has one pulse for each Ratio of `clk_i`, together with it.
///
/// `slow_edge_o` is high in the cycle of `clk_i` that ends with a rising edge of `clk_slow_o`. With
/// a ratio of 1 the clocks are the same. FPGAs need a cell of their own for the gate, so that both
/// clocks arrive at the same time: HEEPSTOR_BUFGCE (Xilinx) or HEEPSTOR_DCCA (Lattice ECP5).
module clock_divider #(
  parameter int unsigned Ratio = 1
) (
  input  logic clk_i,
  input  logic rst_ni,
  output logic slow_edge_o,
  output logic clk_slow_o
);
  if (Ratio == 1) begin : gen_same
    logic unused;

    assign unused      = rst_ni;
    assign slow_edge_o = 1'b1;
    assign clk_slow_o  = clk_i;
  end else begin : gen_divider
    localparam int unsigned Width = $clog2(Ratio);

    logic [Width-1:0] count_q;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        count_q     <= '0;
        slow_edge_o <= 1'b0;
      end else begin
        count_q     <= slow_edge_o ? '0 : count_q + 1'b1;
        slow_edge_o <= count_q == Width'(Ratio - 2) && !slow_edge_o;
      end
    end

`ifdef HEEPSTOR_BUFGCE
    BUFGCE u_gate (
      .I (clk_i),
      .CE(slow_edge_o),
      .O (clk_slow_o)
    );
`elsif HEEPSTOR_DCCA
    DCCA u_gate (
      .CLKI(clk_i),
      .CE  (slow_edge_o),
      .CLKO(clk_slow_o)
    );
`else
    logic enable;

    always_latch begin
      if (!clk_i) enable = slow_edge_o;
    end

    assign clk_slow_o = clk_i & enable;
`endif
  end
endmodule
