// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Proof of obi_mux: what a master is granted the slave is asked, in the same cycle and unaltered;
/// each answer goes to the master that asked, in order; masters have priority by number.
///
/// One granted request, chosen by `tag_i`, is followed to its answer. Masters hold their requests
/// until they are granted; the slave grants as it likes, and answers nothing that it was not asked.
module obi_mux_proof
  import soc_obi_pkg::*;
#(
  parameter int unsigned NumMasters = 3
) (
  input logic                      clk_i,
  input logic                      tag_i,
  input obi_req_t [NumMasters-1:0] masters_i,
  input logic                      slave_gnt_i,
  input obi_rsp_t                  slave_i
);
  localparam int unsigned MaxPending = 2;
  localparam int unsigned IdxWidth   = $clog2(NumMasters);

  typedef logic [1:0] count_t;

  logic rst_n = 1'b0;

  always_ff @(posedge clk_i) rst_n <= 1'b1;

  logic     [NumMasters-1:0] gnt;
  obi_rsp_t [NumMasters-1:0] responses;
  obi_req_t                  slave;

  obi_mux #(
    .NumMasters(NumMasters)
  ) dut (
    .clk_i,
    .rst_ni       (rst_n),
    .masters_i,
    .masters_gnt_o(gnt),
    .masters_o    (responses),
    .slave_o      (slave),
    .slave_gnt_i,
    .slave_i
  );

  logic [NumMasters-1:0] requests, answers;
  logic [IdxWidth-1:0]   granted;
  logic                  grant;

  assign grant = gnt != '0;

  always_comb begin
    granted = '0;
    for (int unsigned m = 0; m < NumMasters; m++) begin
      requests[m] = masters_i[m].req;
      answers[m]  = responses[m].rvalid;
      if (gnt[m]) granted = IdxWidth'(m);
    end
  end

  // Answers that are owed, and how many of them are ahead of the tagged one.
  count_t              owed_q = '0;
  count_t              ahead_q;
  logic                is_tagged_q = 1'b0;
  logic [IdxWidth-1:0] master_q;

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      owed_q <= owed_q + count_t'(grant) - count_t'(slave_i.rvalid);
      if (!is_tagged_q && grant && tag_i) begin
        is_tagged_q <= 1'b1;
        master_q    <= granted;
        ahead_q     <= owed_q - count_t'(slave_i.rvalid);
      end else if (is_tagged_q && slave_i.rvalid) begin
        if (ahead_q == '0) is_tagged_q <= 1'b0;
        else ahead_q <= ahead_q - 1'b1;
      end
    end
  end

  // Requests that were not granted in the cycle before.
  logic     [NumMasters-1:0] waits_q = '0;
  logic     [NumMasters-1:0] is_held;
  obi_req_t [NumMasters-1:0] requests_q;
  logic                      slave_waits_q = 1'b0;
  obi_req_t                  slave_q;

  always_ff @(posedge clk_i) begin
    waits_q       <= rst_n ? requests & ~gnt : '0;
    requests_q    <= masters_i;
    slave_waits_q <= rst_n && slave.req && !slave_gnt_i;
    slave_q       <= slave;
  end

  always_comb begin
    for (int unsigned m = 0; m < NumMasters; m++) begin
      is_held[m] = !waits_q[m] || masters_i[m] == requests_q[m];
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      requests_are_held : assume (is_held == '1);
      answer_was_asked_for : assume (!slave_i.rvalid || owed_q != '0);

      one_is_granted : assert ($onehot0(gnt) && (gnt & ~requests) == '0);
      grant_is_the_slaves : assert (grant == (slave.req && slave_gnt_i));
      slave_is_asked_the_same : assert (!grant || slave == masters_i[granted]);
      slave_sees_a_request_until_its_grant : assert (!slave_waits_q || slave == slave_q);
      first_is_chosen :
      assert (!grant || slave_waits_q || gnt == (requests & -requests));

      answer_goes_to_one : assert ($countones(answers) == 32'(slave_i.rvalid));
      answer_goes_to_the_master : assert (!(is_tagged_q && ahead_q == '0 && slave_i.rvalid)
          || responses[master_q] == slave_i);

      some_master_is_served :
      assert (!(requests != '0 && slave_gnt_i && owed_q < count_t'(MaxPending)) || grant);

      later_master_behind_another :
      cover (is_tagged_q && ahead_q != '0 && master_q != '0 && waits_q[0]);
    end
  end
endmodule
