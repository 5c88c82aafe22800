// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// A table of 256 bytes in a block of RAM, written eight at a time. Latency: 1 cycle, one byte per
/// cycle; `apply_i`, without which the byte stays as it is, and `exists_i`, without which it is
/// zero, come with the result. With `passes_i` the result is `passed_i`, at once.
module byte_table (
  input  logic            clk_i,
  input  logic            write_i,
  input  logic [4:0]      entry_i,
  input  logic [7:0][7:0] bytes_i,
  input  logic [7:0]      byte_i,
  input  logic            apply_i,
  input  logic            exists_i,
  input  logic            passes_i,
  input  logic [7:0]      passed_i,
  output logic [7:0]      byte_o
);
  (* ram_style = "block" *)
  logic [7:0] memory[256];
  logic [7:0] entry_q;
  logic [7:0] byte_q;

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < 8; i++) begin
      if (write_i) memory[{entry_i, 3'(i)}] <= bytes_i[i];
    end
    entry_q <= memory[byte_i];
    byte_q  <= byte_i;
  end

  assign byte_o = passes_i ? passed_i : !exists_i ? '0 : apply_i ? entry_q : byte_q;
endmodule
