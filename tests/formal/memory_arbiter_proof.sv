// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Proof of memory_arbiter: a bank serves one port in a cycle, nobody is refused without reason, and
/// the wide port and the narrow ports take turns.
module memory_arbiter_proof #(
  parameter int unsigned Banks       = 4,
  parameter int unsigned NarrowPorts = 3
) (
  input logic                              clk_i,
  input logic                              wide_req_i,
  input logic [Banks-1:0]                  wide_banks_i,
  input logic [NarrowPorts-1:0][Banks-1:0] narrow_banks_i
);
  logic rst_n = 1'b0;

  always_ff @(posedge clk_i) rst_n <= 1'b1;

  logic                              wide_gnt;
  logic [NarrowPorts-1:0][Banks-1:0] narrow_gnt;

  memory_arbiter #(
    .Banks      (Banks),
    .NarrowPorts(NarrowPorts)
  ) dut (
    .clk_i,
    .rst_ni      (rst_n),
    .wide_req_i,
    .wide_banks_i,
    .narrow_banks_i,
    .wide_gnt_o  (wide_gnt),
    .narrow_gnt_o(narrow_gnt)
  );

  // In each bank: who is served, and who would be if the wide port asked for nothing.
  logic [Banks-1:0]                  by_wide;
  logic [Banks-1:0][NarrowPorts-1:0] by_narrow, wanted;

  assign by_wide = (wide_req_i && wide_gnt) ? wide_banks_i : '0;

  always_comb begin
    for (int unsigned b = 0; b < Banks; b++) begin
      for (int unsigned n = 0; n < NarrowPorts; n++) begin
        by_narrow[b][n] = narrow_gnt[n][b];
        wanted[b][n]    = narrow_banks_i[n][b];
      end
    end
  end

  logic [Banks-1:0] conflicts, serves_one, serves_first;

  always_comb begin
    for (int unsigned b = 0; b < Banks; b++) begin
      conflicts[b]    = by_wide[b] && wanted[b] != '0;
      serves_one[b]   = $onehot0({by_wide[b], by_narrow[b]});
      serves_first[b] = by_narrow[b] == (by_wide[b] ? '0 : wanted[b] & -wanted[b]);
    end
  end

  logic conflict_q = 1'b0;  // in the cycle before, in which the wide port was served
  logic refused_q = 1'b0;  // the wide port, in the cycle before

  always_ff @(posedge clk_i) begin
    conflict_q <= rst_n && conflicts != '0;
    refused_q  <= rst_n && wide_req_i && !wide_gnt;
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      bank_serves_one_port : assert (serves_one == '1);
      first_narrow_port_is_served : assert (serves_first == '1);
      narrow_ports_have_the_next_turn : assert (!conflict_q || !wide_gnt);
      wide_port_waits_for_one_cycle : assert (!refused_q || wide_gnt);
      wide_port_yields_to_a_conflict_alone : assert (wide_gnt || conflict_q);

      refused_then_served : cover (refused_q && by_wide != '0);
    end
  end
endmodule
