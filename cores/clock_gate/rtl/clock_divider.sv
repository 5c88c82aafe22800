// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// A clock that rises with every Ratio-th edge of `clk_i`.
///
/// `slow_edge_o` is high in the cycle of `clk_i` that ends with a rising edge of `clk_slow_o`, from the
/// second such edge after reset on. With a ratio of 1 the clocks are the same.
///
/// FPGAs have cells of their own for it, which keep both clocks aligned: BUFGCE_DIV of Xilinx with
/// the macro HEEPSTOR_BUFGCE_DIV, DCCA of Lattice's ECP5 with HEEPSTOR_DCCA.
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
`ifdef HEEPSTOR_BUFGCE_DIV
    BUFGCE_DIV #(
      .BUFGCE_DIVIDE(Ratio),
      .SIM_DEVICE   ("ULTRASCALE_PLUS")
    ) u_divider (
      .I  (clk_i),
      .CE (1'b1),
      .CLR(1'b0),
      .O  (clk_slow_o)
    );
`else
    localparam int unsigned Width = $clog2(Ratio);

    logic [Width-1:0] count_q;
    logic             enable_q;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        count_q  <= '0;
        enable_q <= 1'b0;
      end else begin
        count_q  <= enable_q ? '0 : count_q + 1'b1;
        enable_q <= !enable_q && count_q == Width'(Ratio - 2);
      end
    end

`ifdef HEEPSTOR_DCCA
    DCCA u_gate (
      .CLKI(clk_i),
      .CE  (enable_q),
      .CLKO(clk_slow_o)
    );
`else
    logic enable;

    always_latch begin
      if (!clk_i) enable = enable_q;
    end

    assign clk_slow_o = clk_i & enable;
`endif
`endif

    // Which edges the slow clock has is found out: dividers of FPGAs begin where they like.
    logic             toggle_q;  // with each edge of the slow clock
    logic             seen_q;
    logic [Ratio-2:0] since_q;  // one cycle, two, and so on, since the cycle behind such an edge

    always_ff @(posedge clk_slow_o or negedge rst_ni) begin
      if (!rst_ni) toggle_q <= 1'b0;
      else toggle_q <= !toggle_q;
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        seen_q  <= 1'b0;
        since_q <= '0;
      end else begin
        seen_q  <= toggle_q;
        since_q <= (Ratio - 1)'({since_q, toggle_q != seen_q});
      end
    end

    assign slow_edge_o = since_q[Ratio-2];
  end
endmodule
