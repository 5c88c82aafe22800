// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// RISC-V machine timer: counts clock cycles, and interrupts while mtime >= mtimecmp.
module timer (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        obi_req_i,
  output logic        obi_gnt_o,
  input  logic [31:0] obi_addr_i,
  input  logic        obi_we_i,
  input  logic [ 3:0] obi_be_i,
  input  logic [31:0] obi_wdata_i,
  output logic        obi_rvalid_o,
  output logic [31:0] obi_rdata_o,

  output logic        irq_o
);
  import timer_regs_pkg::*;

  timer__in_t hwif_in;
  timer__out_t hwif_out;

  timer_regs u_regs (
    .clk         (clk_i),
    .arst_n      (rst_ni),
    .s_obi_req   (obi_req_i),
    .s_obi_gnt   (obi_gnt_o),
    .s_obi_addr  (obi_addr_i[TIMER_REGS_MIN_ADDR_WIDTH-1:0]),
    .s_obi_we    (obi_we_i),
    .s_obi_be    (obi_be_i),
    .s_obi_wdata (obi_wdata_i),
    .s_obi_aid   ('0),
    .s_obi_rvalid(obi_rvalid_o),
    .s_obi_rready(1'b1),
    .s_obi_rdata (obi_rdata_o),
    .s_obi_err   (),
    .s_obi_rid   (),
    .hwif_in,
    .hwif_out
  );

  logic [63:0] mtime, mtime_next, mtimecmp;

  assign mtime      = {hwif_out.MTIMEH.value.value, hwif_out.MTIME.value.value};
  assign mtimecmp   = {hwif_out.MTIMECMPH.value.value, hwif_out.MTIMECMP.value.value};
  assign mtime_next = mtime + 64'd1;

  // A CPU write to one half takes precedence over counting.
  always_comb begin
    hwif_in.MTIME.value.next  = mtime_next[31:0];
    hwif_in.MTIME.value.we    = 1'b1;
    hwif_in.MTIMEH.value.next = mtime_next[63:32];
    hwif_in.MTIMEH.value.we   = 1'b1;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) irq_o <= 1'b0;
    else irq_o <= mtime >= mtimecmp;
  end
endmodule
