// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Lets several masters take turns at one slave; remembers whose answers are still to come.
module obi_mux
  import soc_obi_pkg::*;
#(
  parameter int unsigned NumMasters = 2
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  obi_req_t [NumMasters-1:0] masters_i,
  output logic     [NumMasters-1:0] masters_gnt_o,
  output obi_rsp_t [NumMasters-1:0] masters_o,
  output obi_req_t                  slave_o,
  input  logic                      slave_gnt_i,
  input  obi_rsp_t                  slave_i
);
  localparam int unsigned IdxWidth = (NumMasters > 1) ? $clog2(NumMasters) : 1;

  logic [NumMasters-1:0] req;
  logic [IdxWidth-1:0] chosen, answered;
  logic full, granted, slave_req;

  for (genvar m = 0; m < NumMasters; m++) begin : gen_req
    assign req[m] = masters_i[m].req & ~full;
  end

  // The lock keeps the choice until the grant: an OBI request must not change before it.
  rr_arb_tree #(
    .NumIn    (NumMasters),
    .DataWidth(1),
    .AxiVldRdy(1'b0),
    .LockIn   (1'b1)
  ) u_arbiter (
    .clk_i,
    .rst_ni,
    .flush_i(1'b0),
    .rr_i   ('0),
    .req_i  (req),
    .gnt_o  (masters_gnt_o),
    .data_i ('0),
    .req_o  (slave_req),
    .gnt_i  (slave_gnt_i),
    .data_o (),
    .idx_o  (chosen)
  );

  assign granted = slave_req & slave_gnt_i;

  fifo_v3 #(
    .DATA_WIDTH(IdxWidth),
    .DEPTH     (2)
  ) u_answers (
    .clk_i,
    .rst_ni,
    .flush_i   (1'b0),
    .testmode_i(1'b0),
    .full_o    (full),
    .empty_o   (),
    .usage_o   (),
    .data_i    (chosen),
    .push_i    (granted),
    .data_o    (answered),
    .pop_i     (slave_i.rvalid)
  );

  always_comb begin
    slave_o     = masters_i[chosen];
    slave_o.req = slave_req;
    for (int unsigned m = 0; m < NumMasters; m++) begin
      masters_o[m].rvalid = slave_i.rvalid && (32'(answered) == m);
      masters_o[m].rdata  = slave_i.rdata;
    end
  end
endmodule
