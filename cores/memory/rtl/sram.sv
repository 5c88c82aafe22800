// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Single-port SRAM of 32-bit words with byte enables; infers block RAM. Read data follow one cycle
/// after the request and stay until the next read.
module sram #(
  /// Number of 32-bit words.
  parameter int unsigned Words = 1024,
  localparam int unsigned AddrWidth = (Words > 1) ? $clog2(Words) : 1
) (
  input  logic                 clk_i,
  input  logic                 req_i,
  input  logic                 we_i,
  input  logic [3:0]           be_i,
  input  logic [AddrWidth-1:0] addr_i,
  input  logic [31:0]          wdata_i,
  output logic [31:0]          rdata_o
);
`ifdef HEEPSTOR_ULTRA_RAM
  // The device has UltraRAM with 4096 rows each, so smaller memories are better off in block RAM.
  (* ram_style = (Words >= 4096) ? "ultra" : "block" *)
`else
  (* ram_style = "block" *)
`endif
  logic [31:0] mem[Words];

  always_ff @(posedge clk_i) begin
    if (req_i) begin
      if (we_i) begin
        for (int i = 0; i < 4; i++) begin
          if (be_i[i]) mem[addr_i][8*i+:8] <= wdata_i[8*i+:8];
        end
      end else begin
        rdata_o <= mem[addr_i];
      end
    end
  end

`ifndef SYNTHESIS
  // Back door for the simulation harness: loads programs in zero simulated time.
  export "DPI-C" function sram_read;
  export "DPI-C" function sram_write;

  function automatic int sram_read(input int word);
    return mem[word];
  endfunction

  function automatic void sram_write(input int word, input int value);
    // A blocking write: no clock edge is near when the harness calls this.
    /* verilator lint_off BLKSEQ */
    mem[word] = value;
    /* verilator lint_on BLKSEQ */
  endfunction
`endif
endmodule
