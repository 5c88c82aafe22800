// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Writes a descriptor's profile to memory: eight counters, as they stood in the cycle of `start_i`.
///
/// `done_o` tells that memory takes the last words in this cycle.
module profile_writer
  import engine_pkg::*;
#(
  parameter int unsigned PortWords = 4
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       clear_i,
  input  logic                       start_i,
  input  logic [31:0]                address_i,
  input  counters_t                  counters_i,
  // Memory
  output logic                       req_o,
  output logic [31:0]                addr_o,
  output logic [PortWords-1:0][31:0] data_o,
  input  logic                       gnt_i,
  output logic                       done_o
);
  localparam int unsigned Words     = 8;
  localparam int unsigned Beats     = Words / PortWords;
  localparam int unsigned BeatWidth = $clog2(Beats + 1);

  logic [Words-1:0][31:0] counters_q;
  logic [BeatWidth-1:0]   beat_q;

  assign addr_o = address_i + 32'(beat_q) * 32'(4 * PortWords);
  assign data_o = counters_q[PortWords-1:0];
  assign done_o = req_o && gnt_i && beat_q == BeatWidth'(Beats - 1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) req_o <= 1'b0;
    else if (clear_i || done_o) req_o <= 1'b0;
    else if (start_i) req_o <= 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      counters_q <= counters_i[Words*32-1:0];
      beat_q     <= '0;
    end else if (gnt_i) begin
      counters_q <= counters_q >> (32 * PortWords);
      beat_q     <= beat_q + 1'b1;
    end
  end

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      req_o && !gnt_i && !clear_i |=> req_o && $stable({addr_o, data_o}))
  else $error("a write changes before its grant");

  started_when_idle :
  assert property (@(posedge clk_i) disable iff (!rst_ni) start_i |-> !req_o)
  else $error("started while it writes");
`endif
endmodule
