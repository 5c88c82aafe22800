// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Tells whether a request of the memory port reads or writes outside memory, or between words.
///
/// Memory begins at a multiple of its size, rounded up to a power of two.
module port_range #(
  parameter int unsigned PortWords   = 4,
  parameter logic [31:0] MemoryBase  = 32'h8000_0000,
  parameter int unsigned MemoryBytes = 32'h0010_0000
) (
  input  logic [31:0]          addr_i,
  input  logic [PortWords-1:0] mask_i,
  output logic                 outside_o
);
  localparam int unsigned MemoryWidth = $clog2(MemoryBytes);
  localparam int unsigned WordWidth   = MemoryWidth - 2;
  localparam int unsigned MemoryWords = MemoryBytes / 4;

  logic [WordWidth-1:0] word;
  logic                 beyond;

  assign word = addr_i[MemoryWidth-1:2];

  // Word i exists if there are more than i from the first one on.
  always_comb begin
    beyond = 1'b0;
    for (int unsigned i = 0; i < PortWords; i++) begin
      if (mask_i[i] && 32'(word) >= MemoryWords - i) beyond = 1'b1;
    end
  end

  assign outside_o = beyond || addr_i[1:0] != 2'b00
      || addr_i >> MemoryWidth != MemoryBase >> MemoryWidth;

`ifndef SYNTHESIS
  initial begin
    assert (MemoryBase % (2 ** MemoryWidth) == 0)
    else $fatal(1, "the memory must begin at a multiple of its size");
  end
`endif
endmodule
