// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Responds to accesses to unmapped addresses: reads return zero (which is an illegal instruction),
/// writes have no effect, and the address is reported.
module obi_error
  import soc_obi_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_ni,
  input  obi_req_t    req_i,
  output logic        gnt_o,
  output obi_rsp_t    rsp_o,
  /// Address of such an access, in the cycle of its grant.
  output logic [31:0] error_addr_o
);
  logic rvalid_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) rvalid_q <= 1'b0;
    else rvalid_q <= req_i.req;
  end

  assign gnt_o        = 1'b1;
  assign rsp_o        = '{rvalid: rvalid_q, rdata: '0};
  assign error_addr_o = req_i.addr;

  logic unused_write;
  assign unused_write = ^{req_i.we, req_i.be, req_i.wdata};
endmodule
