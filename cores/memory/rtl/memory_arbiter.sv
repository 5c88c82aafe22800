// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Shares the banks between the wide port and the narrow ports, cycle by cycle.
///
/// A port that meets no other is served at once. Where the wide port and narrow ports want the same
/// bank, the two sides take turns; narrow ports that meet each other do so too.
module memory_arbiter #(
  parameter int unsigned Banks       = 8,
  parameter int unsigned NarrowPorts = 2
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic                              wide_req_i,
  /// Which banks each port wants; for a narrow port, no bit set is no request.
  input  logic [Banks-1:0]                  wide_banks_i,
  input  logic [NarrowPorts-1:0][Banks-1:0] narrow_banks_i,

  output logic                              wide_gnt_o,
  /// Which bank serves which narrow port in this cycle.
  output logic [NarrowPorts-1:0][Banks-1:0] narrow_gnt_o
);
  logic [Banks-1:0][NarrowPorts-1:0] bank_req, bank_gnt;
  logic [Banks-1:0] narrow_wanted, narrow_open;
  logic conflict;
  logic wide_turn_q;

  assign conflict   = |(wide_banks_i & narrow_wanted);
  assign wide_gnt_o = wide_req_i & (~conflict | wide_turn_q);
  // Banks that the wide port does not take in this cycle.
  assign narrow_open = ~(wide_banks_i & {Banks{wide_gnt_o}});

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) wide_turn_q <= 1'b1;
    else if (conflict) wide_turn_q <= ~wide_turn_q;
  end

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    for (genvar n = 0; n < NarrowPorts; n++) begin : gen_port
      assign bank_req[b][n]     = narrow_banks_i[n][b];
      assign narrow_gnt_o[n][b] = bank_gnt[b][n] & narrow_open[b];
    end

    assign narrow_wanted[b] = |bank_req[b];

    rr_arb_tree #(
      .NumIn    (NarrowPorts),
      .DataWidth(1),
      .AxiVldRdy(1'b0)
    ) u_arbiter (
      .clk_i,
      .rst_ni,
      .flush_i(1'b0),
      .rr_i   ('0),
      .req_i  (bank_req[b]),
      .gnt_o  (bank_gnt[b]),
      .data_i ('0),
      .req_o  (),
      .gnt_i  (narrow_open[b]),
      .data_o (),
      .idx_o  ()
    );
  end
endmodule
