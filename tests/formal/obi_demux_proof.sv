// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Proof of obi_demux: what the master is granted its slave is asked, in the same cycle and
/// unaltered, and nobody else; answers come back in the order of the grants.
///
/// One granted request, chosen by `tag_i`, is followed to its answer. The master holds its request
/// until it is granted; slaves grant as they like, and answer nothing that they were not asked.
module obi_demux_proof
  import soc_obi_pkg::*;
#(
  parameter  int unsigned NumSlaves   = 3,
  localparam int unsigned SelectWidth = $clog2(NumSlaves)
) (
  input logic                     clk_i,
  input logic                     tag_i,
  input logic [SelectWidth-1:0]   select_i,
  input obi_req_t                 master_i,
  input logic     [NumSlaves-1:0] slaves_gnt_i,
  input obi_rsp_t [NumSlaves-1:0] slaves_i
);
  localparam int unsigned MaxPending = 3;

  typedef logic [1:0] count_t;

  logic rst_n = 1'b0;

  always_ff @(posedge clk_i) rst_n <= 1'b1;

  logic                     master_gnt;
  obi_rsp_t                 answer;
  obi_req_t [NumSlaves-1:0] slaves;

  obi_demux #(
    .NumSlaves(NumSlaves)
  ) dut (
    .clk_i,
    .rst_ni      (rst_n),
    .select_i,
    .master_i,
    .master_gnt_o(master_gnt),
    .master_o    (answer),
    .slaves_o    (slaves),
    .slaves_gnt_i,
    .slaves_i
  );

  logic                 granted;
  logic [NumSlaves-1:0] asked, answers;

  assign granted = master_i.req && master_gnt;

  always_comb begin
    for (int unsigned s = 0; s < NumSlaves; s++) begin
      asked[s]   = slaves[s].req;
      answers[s] = slaves_i[s].rvalid;
    end
  end

  // Answers that are owed, and how many of them are ahead of the tagged one.
  count_t [NumSlaves-1:0] owed_q = '0;
  count_t                 owed, ahead_q;
  logic                   is_tagged_q = 1'b0;
  logic [SelectWidth-1:0] slave_q;
  logic [NumSlaves-1:0]   unasked;  // answers of slaves that owe none

  always_comb begin
    owed = '0;
    for (int unsigned s = 0; s < NumSlaves; s++) begin
      owed += owed_q[s];
      unasked[s] = answers[s] && owed_q[s] == '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      for (int unsigned s = 0; s < NumSlaves; s++) begin
        owed_q[s] <= owed_q[s] + count_t'(asked[s] && slaves_gnt_i[s]) - count_t'(answers[s]);
      end
      if (!is_tagged_q && granted && tag_i) begin
        is_tagged_q <= 1'b1;
        slave_q     <= select_i;
        ahead_q     <= owed - count_t'(answer.rvalid);
      end else if (is_tagged_q && answer.rvalid) begin
        if (ahead_q == '0) is_tagged_q <= 1'b0;
        else ahead_q <= ahead_q - 1'b1;
      end
    end
  end

  // A request that was not granted in the cycle before.
  logic                   waits_q = 1'b0;
  logic                   was_asked_q;
  obi_req_t               request_q;
  logic [SelectWidth-1:0] select_q;

  always_ff @(posedge clk_i) begin
    waits_q     <= rst_n && master_i.req && !master_gnt;
    was_asked_q <= asked != '0;
    request_q   <= master_i;
    select_q    <= select_i;
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      slave_exists : assume (32'(select_i) < NumSlaves);
      request_is_held : assume (!waits_q || (master_i == request_q && select_i == select_q));
      answers_were_asked_for : assume (unasked == '0);

      one_slave_is_asked : assert (asked == '0 || asked == NumSlaves'(1) << select_i);
      slave_is_asked_the_same : assert (asked == '0 || slaves[select_i] == master_i);
      grant_is_the_slaves : assert (granted == (asked[select_i] && slaves_gnt_i[select_i]));
      slave_sees_a_request_until_its_grant : assert (!waits_q || !was_asked_q || asked != '0);

      answers_are_handed_on : assert (answer.rvalid == (answers != '0));
      answer_was_asked_for : assert (!answer.rvalid || owed != '0);
      answer_is_the_slaves_own :
      assert (!(is_tagged_q && ahead_q == '0 && answer.rvalid) || answer == slaves_i[slave_q]);
      answers_come_from_one_slave : assert ($onehot0(answers));

      free_master_is_served :
      assert (!(master_i.req && owed == '0 && slaves_gnt_i[select_i]) || granted);
      same_slave_is_served : assert (!(master_i.req && owed == owed_q[select_i]
          && owed < count_t'(MaxPending) && slaves_gnt_i[select_i]) || granted);

      another_slave_after_three : cover (is_tagged_q && ahead_q == count_t'(MaxPending - 1)
          && waits_q && select_i != slave_q);
    end
  end
endmodule
