// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Shares one slave between several masters, in order of priority; tracks outstanding responses.
///
/// A grant to a master never depends on the requests of later ones (see memory_arbiter).
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

  // A request that the slave has seen must stay until it is granted: the choice is locked.
  logic locked_q;
  logic [NumMasters-1:0] locked_to_q;
  logic [NumMasters-1:0] chosen;
  logic [IdxWidth-1:0] chosen_idx, answered;
  logic full, idle;

  for (genvar m = 0; m < NumMasters; m++) begin : gen_master
    logic taken;

    if (m == 0) begin : gen_first
      assign taken = full;
    end else begin : gen_later
      assign taken = gen_master[m-1].taken | masters_i[m-1].req;
    end

    assign chosen[m]        = masters_i[m].req & (locked_q ? locked_to_q[m] : ~taken);
    assign masters_gnt_o[m] = chosen[m] & slave_gnt_i;
    assign masters_o[m]     = '{
      rvalid: slave_i.rvalid && 32'(answered) == m,
      rdata: slave_i.rdata
    };
  end

  always_comb begin
    chosen_idx = '0;
    slave_o    = masters_i[0];
    for (int unsigned m = 0; m < NumMasters; m++) begin
      if (chosen[m]) begin
        chosen_idx = IdxWidth'(m);
        slave_o    = masters_i[m];
      end
    end
    slave_o.req = |chosen;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      locked_q    <= 1'b0;
      locked_to_q <= '0;
    end else begin
      locked_q    <= |chosen & ~slave_gnt_i;
      locked_to_q <= chosen;
    end
  end

  fifo_v3 #(
    .DATA_WIDTH(IdxWidth),
    .DEPTH     (2)
  ) u_answers (
    .clk_i,
    .rst_ni,
    .flush_i   (1'b0),
    .testmode_i(1'b0),
    .full_o    (full),
    .empty_o   (idle),
    .usage_o   (),
    .data_i    (chosen_idx),
    .push_i    (|chosen & slave_gnt_i),
    .data_o    (answered),
    .pop_i     (slave_i.rvalid)
  );

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      slave_o.req && !slave_gnt_i |=> slave_o.req && $stable({slave_o.addr, slave_o.we}))
  else $error("a request changes before its grant");

  one_is_chosen :
  assert property (@(posedge clk_i) disable iff (!rst_ni) $onehot0(chosen))
  else $error("two masters at once");

  answer_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) slave_i.rvalid |-> !idle)
  else $error("an answer without a request");

  answers_have_space :
  assert property (@(posedge clk_i) disable iff (!rst_ni) slave_o.req && slave_gnt_i |-> !full)
  else $error("more requests are under way than can be counted");
`endif
endmodule
