// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Reads the operand of a job ahead of the results that it is added to, or that it multiplies.
///
/// Beats come in the order of store_walker. `available_o` tells that there is one that nobody has
/// claimed yet; a claimed beat is taken from the FIFO's head later, by `take_i`.
module residual_reader
  import engine_pkg::*;
#(
  parameter int unsigned ArraySize = 8,
  parameter int unsigned PortWords = 4,
  parameter bit          Int8      = 1'b1
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       clear_i,
  input  logic                       start_i,
  input  store_command_t             command_i,
  // Memory
  output logic                       req_o,
  output logic [31:0]                addr_o,
  output logic [PortWords-1:0]       mask_o,
  input  logic                       gnt_i,
  input  logic                       rvalid_i,
  input  logic [PortWords-1:0][31:0] rdata_i,
  // Results
  output logic                       available_o,
  input  logic                       claim_i,
  input  logic                       take_i,
  output logic [PortWords-1:0][31:0] data_o
);
  localparam int unsigned Depth      = 32;
  localparam int unsigned CountWidth = $clog2(Depth) + 1;

  logic                  walking_q;
  logic                  requesting;  // the walk has left a request
  logic [31:0]           addr;
  logic [PortWords-1:0]  mask;
  logic                  empty;
  logic                  last;
  logic                  ready;
  logic                  next;
  logic [CountWidth-1:0] reserved_q;  // places taken in the FIFO, requested or filled
  logic [CountWidth-1:0] unclaimed_q;

  assign req_o       = requesting && !reserved_q[CountWidth-1];
  assign next        = walking_q && ready;
  assign available_o = unclaimed_q != '0;

  store_walker #(
    .ArraySize (ArraySize),
    .PortWords (PortWords),
    .StoreWords(PortWords),
    .Int8      (Int8)
  ) u_walker (
    .clk_i,
    .start_i,
    .command_i,
    .base_i        (command_i.residual_address),
    .wide_i        (1'b0),
    .next_i        (next),
    .second_o      (),
    .group_o       (),
    .channels_o    (),
    .words_o       (),
    .mask_o        (mask),
    .address_o     (addr),
    .empty_o       (empty),
    .ends_o    (),
    .last_o    (last)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      walking_q   <= 1'b0;
      reserved_q  <= '0;
      unclaimed_q <= '0;
    end else if (clear_i) begin
      walking_q   <= 1'b0;
      reserved_q  <= '0;
      unclaimed_q <= '0;
    end else begin
      if (start_i) walking_q <= 1'b1;
      else if (next && last) walking_q <= 1'b0;
      reserved_q  <= reserved_q + CountWidth'(gnt_i) - CountWidth'(take_i);
      unclaimed_q <= unclaimed_q + CountWidth'(rvalid_i) - CountWidth'(claim_i);
    end
  end

  pipeline_register #(
    .Width(32 + PortWords)
  ) u_request (
    .clk_i,
    .rst_ni,
    .clear_i,
    .valid_i(walking_q && !empty),
    .ready_o(ready),
    .data_i ({addr, mask}),
    .valid_o(requesting),
    .ready_i(gnt_i),
    .data_o ({addr_o, mask_o})
  );

  ram_fifo #(
    .Width(32 * PortWords),
    .Depth(Depth)
  ) u_fifo (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (rvalid_i),
    .data_i (rdata_i),
    .pop_i  (take_i),
    .data_o (data_o),
    .count_o()
  );

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      req_o && !gnt_i && !clear_i |=> req_o && $stable({addr_o, mask_o}))
  else $error("a request changes before its grant");

  claim_is_available :
  assert property (@(posedge clk_i) disable iff (!rst_ni) claim_i |-> unclaimed_q != '0)
  else $error("a beat is claimed that is not there");

  places_in_bounds :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      unclaimed_q <= reserved_q && reserved_q <= CountWidth'(Depth))
  else $error("more places are taken than there are");
`endif
endmodule
