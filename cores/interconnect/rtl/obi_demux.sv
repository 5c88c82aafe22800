// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Routes a master's requests to the slave given by `select_i`, and the responses back.
///
/// Responses stay in order: a request to another slave waits for all earlier responses.
module obi_demux
  import soc_obi_pkg::*;
#(
  parameter int unsigned NumSlaves = 2,
  localparam int unsigned SelectWidth = (NumSlaves > 1) ? $clog2(NumSlaves) : 1
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  logic [SelectWidth-1:0]   select_i,
  input  obi_req_t                 master_i,
  output logic                     master_gnt_o,
  output obi_rsp_t                 master_o,
  output obi_req_t [NumSlaves-1:0] slaves_o,
  input  logic     [NumSlaves-1:0] slaves_gnt_i,
  input  obi_rsp_t [NumSlaves-1:0] slaves_i
);
  // The CPU never has more than two outstanding requests per port.
  localparam int unsigned MaxPending = 3;

  logic [1:0] pending_q, left;
  logic [SelectWidth-1:0] select_q;
  logic open, granted;

  // Requests whose response comes after this cycle.
  assign left    = pending_q - 2'(master_o.rvalid);
  assign open    = (left == 2'd0) || (select_i == select_q && left != 2'(MaxPending));
  assign granted = master_i.req & master_gnt_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pending_q <= '0;
      select_q  <= '0;
    end else begin
      pending_q <= left + 2'(granted);
      if (granted) select_q <= select_i;
    end
  end

  always_comb begin
    for (int unsigned s = 0; s < NumSlaves; s++) begin
      slaves_o[s]     = master_i;
      slaves_o[s].req = master_i.req && open && (32'(select_i) == s);
    end
    master_gnt_o    = slaves_gnt_i[select_i] & open;
    master_o.rvalid = slaves_i[select_q].rvalid;
    master_o.rdata  = slaves_i[select_q].rdata;
  end

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      master_i.req && !master_gnt_o |=> master_i.req && $stable({master_i.addr, master_i.we}))
  else $error("a master withdraws its request");

  answer_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) master_o.rvalid |-> pending_q != '0)
  else $error("an answer without a request");

  pending_in_bounds :
  assert property (@(posedge clk_i) disable iff (!rst_ni) granted |-> left != 2'(MaxPending))
  else $error("more requests are under way than can be counted");
`endif
endmodule
