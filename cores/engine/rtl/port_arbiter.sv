// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Shares the engine's memory port between its units and keeps every access inside main memory.
///
/// Client 0 has the highest priority. A granted request goes through two registers to memory, so that
/// no path leads through the arbiter, nor from memory's grant to a client's: from the first one it is
/// checked, from the second one it is sent. Responses come in order and are handed to the client that
/// asked. An access outside memory is never sent: it raises `error_o` with the number of the client in
/// the cycle after the grant. While `halt_i` is high nothing is granted, what is in the first register
/// is dropped, and `idle_o` tells when nothing is under way.
module port_arbiter #(
  parameter  int unsigned Clients     = 7,
  parameter  int unsigned PortWords   = 4,
  parameter  logic [31:0] MemoryBase  = 32'h8000_0000,
  parameter  int unsigned MemoryBytes = 32'h0010_0000,
  localparam int unsigned ClientWidth = $clog2(Clients)
) (
  input  logic                              clk_i,
  input  logic                              rst_ni,
  input  logic                              halt_i,
  output logic                              idle_o,
  output logic                              stall_o,
  output logic                              error_o,
  output logic [ClientWidth-1:0]            error_client_o,
  // Clients
  input  logic [Clients-1:0]                client_req_i,
  input  logic [Clients-1:0][31:0]          client_addr_i,
  input  logic [Clients-1:0]                client_we_i,
  input  logic [Clients-1:0][PortWords-1:0] client_mask_i,
  input  logic [PortWords-1:0][31:0]        client_wdata_i,
  output logic [Clients-1:0]                client_gnt_o,
  output logic [Clients-1:0]                client_rvalid_o,
  // Memory
  output logic                              port_req_o,
  input  logic                              port_gnt_i,
  output logic [31:0]                       port_addr_o,
  output logic                              port_we_o,
  output logic [PortWords-1:0]              port_mask_o,
  output logic [PortWords-1:0][31:0]        port_wdata_o,
  input  logic                              port_rvalid_i
);
  localparam int unsigned MaxAnswers = 4;  // that memory owes

  typedef struct packed {
    logic [ClientWidth-1:0]     client;
    logic [31:0]                addr;
    logic                       we;
    logic [PortWords-1:0]       mask;
    logic [PortWords-1:0][31:0] wdata;
  } request_t;

  logic [Clients-1:0]     first;  // of those that ask
  logic [ClientWidth-1:0] selected;
  logic                   requested;
  logic                   open;  // for the next request
  logic                   granted;  // a request is in the first register
  request_t               request;
  logic                   outside;
  logic                   checked;  // a request is in the second register
  request_t               sent;
  logic                   next;  // the second register is free
  logic                   tags_full;
  logic                   tags_empty;
  logic [Clients-1:0]     tag;

  // Each client's turn is found by itself, for the shortest path to its grant.
  for (genvar i = 0; i < Clients; i++) begin : gen_client
    assign first[i] = client_req_i[i:0] == (i + 1)'(1) << i;
  end

  always_comb begin
    selected = '0;
    for (int unsigned i = 0; i < Clients; i++) begin
      if (first[i]) selected |= ClientWidth'(i);
    end
  end

  assign requested = |client_req_i && !halt_i;
  assign stall_o   = requested && !open;

  pipeline_register #(
    .Width($bits(request_t))
  ) u_granted (
    .clk_i,
    .rst_ni,
    .clear_i(1'b0),
    .valid_i(requested),
    .ready_o(open),
    .data_i (request_t'{
      client: selected,
      addr: client_addr_i[selected],
      we: client_we_i[selected],
      mask: client_mask_i[selected],
      wdata: client_wdata_i
    }),
    .valid_o(granted),
    .ready_i(next),
    .data_o (request)
  );

  port_range #(
    .PortWords  (PortWords),
    .MemoryBase (MemoryBase),
    .MemoryBytes(MemoryBytes)
  ) u_range (
    .addr_i   (request.addr),
    .mask_i   (request.mask),
    .outside_o(outside)
  );

  // A request that has to wait is an error only once.
  logic held_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) held_q <= 1'b0;
    else held_q <= granted && !next;
  end

  assign error_o        = granted && outside && !held_q;
  assign error_client_o = request.client;

  skid_register #(
    .Width($bits(request_t))
  ) u_checked (
    .clk_i,
    .rst_ni,
    .clear_i(1'b0),
    .valid_i(granted && !outside && !halt_i),
    .ready_o(next),
    .data_i (request),
    .valid_o(checked),
    .ready_i(port_gnt_i && !tags_full),
    .data_o (sent)
  );

  assign port_req_o   = checked && !tags_full;
  assign port_addr_o  = sent.addr;
  assign port_we_o    = sent.we;
  assign port_mask_o  = sent.mask;
  assign port_wdata_o = sent.wdata;

  assign client_gnt_o    = (open && !halt_i) ? first : '0;
  assign client_rvalid_o = port_rvalid_i ? tag : '0;

  fifo_v3 #(
    .DATA_WIDTH(Clients),
    .DEPTH     (MaxAnswers)
  ) u_tags (
    .clk_i,
    .rst_ni,
    .flush_i   (1'b0),
    .testmode_i(1'b0),
    .full_o    (tags_full),
    .empty_o   (tags_empty),
    .usage_o   (),
    .data_i    (Clients'(1) << sent.client),
    .push_i    (port_req_o && port_gnt_i),
    .data_o    (tag),
    .pop_i     (port_rvalid_i)
  );

  assign idle_o = tags_empty && !granted && !checked;

`ifndef SYNTHESIS
  grant_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) (client_gnt_o & ~client_req_i) == '0)
  else $error("a client that asks for nothing has a grant");

  response_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) port_rvalid_i |-> !tags_empty)
  else $error("memory answers without a request");

  request_is_inside_memory :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      port_req_o |-> port_addr_o - MemoryBase < MemoryBytes && port_addr_o[1:0] == 2'b00)
  else $error("a request that memory must not see");

  nothing_is_granted_while_halted :
  assert property (@(posedge clk_i) disable iff (!rst_ni) halt_i |-> client_gnt_o == '0)
  else $error("a grant after an error");

  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      port_req_o && !port_gnt_i |=> port_req_o && $stable({port_addr_o, port_we_o, port_mask_o}))
  else $error("a request changes before its grant");
`endif
endmodule
