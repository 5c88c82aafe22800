// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// A table of 256 bytes, written eight at a time. What does not exist gives zero. Latency: 1 cycle, one
/// byte per cycle.
module byte_table (
  input  logic            clk_i,
  input  logic            write_i,
  input  logic [4:0]      entry_i,
  input  logic [7:0][7:0] bytes_i,
  input  logic            apply_i,  // otherwise the byte stays as it is
  input  logic            exists_i,
  input  logic [7:0]      byte_i,
  output logic [7:0]      byte_o
);
  logic [7:0][7:0] table_mem[32];
  logic [7:0][7:0] entry;

  always_ff @(posedge clk_i) begin
    if (write_i) table_mem[entry_i] <= bytes_i;
  end

  assign entry = table_mem[byte_i[7:3]];

  always_ff @(posedge clk_i) begin
    if (!exists_i) byte_o <= '0;
    else byte_o <= apply_i ? entry[byte_i[2:0]] : byte_i;
  end
endmodule
