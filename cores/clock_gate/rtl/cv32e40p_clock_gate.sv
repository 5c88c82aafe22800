// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Clock gate under the name that the cv32e40p instantiates: a latch and an AND gate.
///
/// With `SYNTHESIS`, the clock passes through ungated: FPGAs have no such cell, and gating only
/// saves power.
module cv32e40p_clock_gate (
  input  logic clk_i,
  input  logic en_i,
  input  logic scan_cg_en_i,
  output logic clk_o
);
`ifdef SYNTHESIS
  logic unused_enable;
  assign unused_enable = en_i ^ scan_cg_en_i;
  assign clk_o = clk_i;
`else
  logic enable;

  always_latch begin
    if (!clk_i) enable = en_i | scan_cg_en_i;
  end

  assign clk_o = clk_i & enable;
`endif
endmodule
