// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Shares the engine's memory port between its units and keeps every access inside main memory.
///
/// Client 0 has the highest priority. A grant is given in the cycle in which memory takes the request;
/// responses come in order and are handed to the client that asked. An access outside memory is never
/// sent: it raises `error_o` with the number of the client. While `halt_i` is high nothing is granted,
/// and `idle_o` tells when the last response has come.
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
  localparam int unsigned MaxOutstanding = 4;

  logic [ClientWidth-1:0] selected;
  logic                   requested;
  logic                   outside;
  logic                   tags_full;
  logic                   tags_empty;
  logic [ClientWidth-1:0] tag;

  always_comb begin
    selected = '0;
    for (int unsigned i = Clients; i > 0; i--) begin
      if (client_req_i[i-1]) selected = ClientWidth'(i - 1);
    end
  end

  assign requested    = |client_req_i && !halt_i;
  assign port_addr_o  = client_addr_i[selected];
  assign port_we_o    = client_we_i[selected];
  assign port_mask_o  = client_mask_i[selected];
  assign port_wdata_o = client_wdata_i;

  always_comb begin
    outside = port_addr_o[1:0] != 2'b00;
    for (int unsigned i = 0; i < PortWords; i++) begin
      if (port_mask_o[i] && (port_addr_o - MemoryBase + 32'(4 * i)) >= 32'(MemoryBytes)) begin
        outside = 1'b1;
      end
    end
  end

  assign error_o        = requested && outside;
  assign error_client_o = selected;
  assign port_req_o     = requested && !outside && !tags_full;
  assign stall_o        = requested && !(port_req_o && port_gnt_i);

  always_comb begin
    client_gnt_o           = '0;
    client_gnt_o[selected] = port_req_o && port_gnt_i;
    client_rvalid_o        = '0;
    client_rvalid_o[tag]   = port_rvalid_i;
  end

  fifo_v3 #(
    .DATA_WIDTH(ClientWidth),
    .DEPTH     (MaxOutstanding)
  ) u_tags (
    .clk_i,
    .rst_ni,
    .flush_i   (1'b0),
    .testmode_i(1'b0),
    .full_o    (tags_full),
    .empty_o   (tags_empty),
    .usage_o   (),
    .data_i    (selected),
    .push_i    (port_req_o && port_gnt_i),
    .data_o    (tag),
    .pop_i     (port_rvalid_i)
  );

  assign idle_o = tags_empty;

`ifndef SYNTHESIS
  grant_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) (client_gnt_o & ~client_req_i) == '0)
  else $error("a client that asks for nothing has a grant");

  response_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) port_rvalid_i |-> !tags_empty)
  else $error("memory answers without a request");

  request_is_inside_memory :
  assert property (@(posedge clk_i) disable iff (!rst_ni) port_req_o |-> !outside && !halt_i)
  else $error("a request that memory must not see");
`endif
endmodule
