// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Identification of the SoC, boot selection, exit code, bus errors, and the stack guard.
module soc_ctrl #(
  parameter logic [31:0] ConfigHash = '0
) (
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

  /// There was an access to an unmapped address.
  input  logic        bus_error_i,
  input  logic [31:0] bus_error_addr_i,
  output logic        bus_error_irq_o,

  /// A store of the CPU, compared with the stack guard.
  input  logic        store_i,
  input  logic [31:0] store_addr_i,
  output logic        stack_overflow_irq_o,

  /// What the boot ROM does (register BOOT); synchronised here.
  input  logic        boot_select_i,

  /// A simulation's console (register CONSOLE): whether there is one, and what is printed on it.
  input  logic        console_present_i,
  output logic        console_valid_o,
  output logic [ 7:0] console_o,

  /// High from the first write of the exit code on.
  output logic        exit_valid_o,
  output logic [31:0] exit_code_o
);
  import soc_ctrl_regs_pkg::*;

  soc_ctrl__in_t hwif_in;
  soc_ctrl__out_t hwif_out;

  logic boot_select, in_guard;

  sync #(
    .STAGES(2)
  ) u_sync (
    .clk_i,
    .rst_ni,
    .serial_i(boot_select_i),
    .serial_o(boot_select)
  );

  soc_ctrl_regs u_regs (
    .clk         (clk_i),
    .arst_n      (rst_ni),
    .s_obi_req   (obi_req_i),
    .s_obi_gnt   (obi_gnt_o),
    .s_obi_addr  (obi_addr_i[SOC_CTRL_REGS_MIN_ADDR_WIDTH-1:0]),
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

  assign in_guard = store_i && store_addr_i >= hwif_out.STACK_GUARD_BASE.address.value
      && store_addr_i < hwif_out.STACK_GUARD_END.address.value;

  // Only the first of several bus errors, or stores to the guard, is kept: the others are often its
  // consequences.
  always_comb begin
    hwif_in.CONFIG_HASH.value.next       = ConfigHash;
    hwif_in.BOOT.select.next             = boot_select;
    hwif_in.BOOT.exited.next             = exit_valid_o;
    hwif_in.CONSOLE.present.next         = console_present_i;
    hwif_in.BUS_ERROR.pending.hwset      = bus_error_i;
    hwif_in.BUS_ERROR_ADDRESS.value.next = bus_error_addr_i;
    hwif_in.BUS_ERROR_ADDRESS.value.we   = bus_error_i & ~hwif_out.BUS_ERROR.pending.value;
    hwif_in.STACK_OVERFLOW.pending.hwset      = in_guard;
    hwif_in.STACK_OVERFLOW_ADDRESS.value.next = store_addr_i;
    hwif_in.STACK_OVERFLOW_ADDRESS.value.we   = in_guard & ~hwif_out.STACK_OVERFLOW.pending.value;
  end

  assign bus_error_irq_o      = hwif_out.BUS_ERROR.pending.value;
  assign stack_overflow_irq_o = hwif_out.STACK_OVERFLOW.pending.value;
  assign exit_code_o          = hwif_out.EXIT.code.value;
  assign console_o            = hwif_out.CONSOLE.character.value;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) console_valid_o <= 1'b0;
    else console_valid_o <= hwif_out.CONSOLE.character.swmod;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) exit_valid_o <= 1'b0;
    else if (hwif_out.EXIT.code.swmod) exit_valid_o <= 1'b1;
  end
endmodule
