// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Read-only memory with the boot program, mirrored throughout the region so that prefetching never
/// leaves it; infers block RAM.
module boot_rom (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        obi_req_i,
  output logic        obi_gnt_o,
  input  logic [31:0] obi_addr_i,
  output logic        obi_rvalid_o,
  output logic [31:0] obi_rdata_o
);
  import boot_rom_pkg::*;

  localparam int unsigned IdxWidth = (Words > 1) ? $clog2(Words) : 1;
  localparam int unsigned Depth    = 1 << IdxWidth;

  (* rom_style = "block" *)logic [31:0] rom[Depth];

  initial begin
    for (int unsigned i = 0; i < Depth; i++) rom[i] = (i < Words) ? Contents[i] : '0;
  end

  assign obi_gnt_o = 1'b1;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) obi_rvalid_o <= 1'b0;
    else obi_rvalid_o <= obi_req_i;
  end

  always_ff @(posedge clk_i) begin
    if (obi_req_i) obi_rdata_o <= rom[obi_addr_i[2+:IdxWidth]];
  end
endmodule
