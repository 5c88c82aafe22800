// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Shares the banks between the wide port and the narrow ports, cycle by cycle.
///
/// A port without conflicts is served at once. If the wide port and narrow ports request the same
/// bank, the wide one goes first, and the next cycle belongs to the narrow ports: so whether the
/// wide port is served never depends on what is requested. Among narrow ports, the lower-numbered
/// one has priority: the CPU's data port precedes its instruction port, which can't starve because
/// data accesses need instructions. (A grant to a narrow port never depends on a later one: in the
/// CPU, that would close a combinational loop from data grant to instruction request.)
module memory_arbiter #(
  parameter int unsigned Banks       = 8,
  parameter int unsigned NarrowPorts = 2
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic                              wide_req_i,
  /// The banks that each port requests; for a narrow port, no bit set means no request.
  input  logic [Banks-1:0]                  wide_banks_i,
  input  logic [NarrowPorts-1:0][Banks-1:0] narrow_banks_i,

  output logic                              wide_gnt_o,
  /// Which bank serves which narrow port in this cycle.
  output logic [NarrowPorts-1:0][Banks-1:0] narrow_gnt_o
);
  logic [Banks-1:0] narrow_wanted, reserved;
  logic narrow_turn_q;

  always_comb begin
    narrow_wanted = '0;
    for (int unsigned n = 0; n < NarrowPorts; n++) narrow_wanted |= narrow_banks_i[n];
  end

  assign wide_gnt_o = ~narrow_turn_q;
  assign reserved   = (wide_req_i && wide_gnt_o) ? wide_banks_i : '0;

  for (genvar n = 0; n < NarrowPorts; n++) begin : gen_narrow
    logic [Banks-1:0] taken;

    if (n == 0) begin : gen_first
      assign taken = reserved;
    end else begin : gen_later
      assign taken = gen_narrow[n-1].taken | narrow_banks_i[n-1];
    end

    assign narrow_gnt_o[n] = narrow_banks_i[n] & ~taken;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) narrow_turn_q <= 1'b0;
    else narrow_turn_q <= (reserved & narrow_wanted) != '0;
  end

`ifndef SYNTHESIS
  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    logic [NarrowPorts-1:0] served;

    for (genvar n = 0; n < NarrowPorts; n++) begin : gen_served
      assign served[n] = narrow_gnt_o[n][b];
    end

    bank_serves_one_port :
    assert property (@(posedge clk_i) disable iff (!rst_ni)
        $onehot0({reserved[b], served}))
    else $error("a bank serves two ports in one cycle");
  end
`endif
endmodule
