// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Model of Xilinx's port from the FPGA's own JTAG TAP to the design (UG974). The test bench plays
/// the TAP: it sets the variables that drive the outputs.
module BSCANE2 #(
  /// The instruction that selects it, 1 to 4 for USER1 to USER4.
  parameter int JTAG_CHAIN = 1
) (
  output logic CAPTURE,
  output logic DRCK,
  output logic RESET,
  output logic RUNTEST,
  output logic SEL,
  output logic SHIFT,
  output logic TCK,
  output logic TDI,
  output logic TMS,
  output logic UPDATE,
  input  logic TDO
);
  logic capture = 1'b0;
  logic selected = 1'b0;
  logic shift = 1'b0;
  logic tck = 1'b0;
  logic tdi = 1'b0;
  logic update = 1'b0;

  initial assert (JTAG_CHAIN inside {[1:4]}) else $fatal(1, "JTAG_CHAIN is %0d", JTAG_CHAIN);

  assign CAPTURE = capture;
  assign SEL     = selected;
  assign SHIFT   = shift;
  assign TCK     = tck;
  assign TDI     = tdi;
  assign UPDATE  = update;
  assign DRCK    = tck & selected;
  assign {RESET, RUNTEST, TMS} = '0;

  logic unused_tdo;
  assign unused_tdo = TDO;
endmodule
