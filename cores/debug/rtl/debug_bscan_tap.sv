// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// TAP inside a Xilinx FPGA's own: dtmcs is the data register of the instruction USER3, dmi that of
/// USER4. It has the interface of dmi_jtag_tap, and its own clock.
///
/// OpenOCD needs the instructions' codes: `riscv set_ir dtmcs CODE`, `riscv set_ir dmi CODE`.
/// BSCANE2: Xilinx UG974.
module debug_bscan_tap (
  output logic tck_o,
  output logic tdi_o,
  output logic capture_dr_o,
  output logic shift_dr_o,
  output logic update_dr_o,
  output logic dtmcs_select_o,
  output logic dmi_select_o,
  output logic dmi_reset_o,
  input  logic [1:0] dmi_error_i,
  input  logic dmi_tdo_i
);
  localparam int unsigned DmiResetBit = 16;

  // dtmcs: one cycle in Run-Test/Idle after each access, 7 bits of address, version 0.13.
  localparam logic [2:0] IdleCycles  = 3'd1;
  localparam logic [5:0] AddressBits = 6'd7;
  localparam logic [3:0] Version013  = 4'd1;

  logic [31:0] dtmcs_q;

  BSCANE2 #(
    .JTAG_CHAIN(3)
  ) u_dtmcs (
    .CAPTURE(capture_dr_o),
    .DRCK   (),
    .RESET  (),
    .RUNTEST(),
    .SEL    (dtmcs_select_o),
    .SHIFT  (shift_dr_o),
    .TCK    (tck_o),
    .TDI    (tdi_o),
    .TMS    (),
    .UPDATE (update_dr_o),
    .TDO    (dtmcs_q[0])
  );

  // The states are the same for both instructions.
  BSCANE2 #(
    .JTAG_CHAIN(4)
  ) u_dmi (
    .CAPTURE(),
    .DRCK   (),
    .RESET  (),
    .RUNTEST(),
    .SEL    (dmi_select_o),
    .SHIFT  (),
    .TCK    (),
    .TDI    (),
    .TMS    (),
    .UPDATE (),
    .TDO    (dmi_tdo_i)
  );

  // Needs no reset, as it is captured before it is used.
  always_ff @(posedge tck_o) begin
    if (dtmcs_select_o && capture_dr_o) begin
      dtmcs_q <= 32'({IdleCycles, dmi_error_i, AddressBits, Version013});
    end else if (dtmcs_select_o && shift_dr_o) begin
      dtmcs_q <= {tdi_o, dtmcs_q[31:1]};
    end
  end

  assign dmi_reset_o = dtmcs_q[DmiResetBit];
endmodule
