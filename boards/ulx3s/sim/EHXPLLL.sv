// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Model of the ECP5's PLL, for lint and simulation: passes the clock through, and locks at once.
///
/// Parameters and ports are the subset that ecppll writes (FPGA-TN-02200); dividers are not
/// modelled.
module EHXPLLL #(
  parameter PLLRST_ENA = "DISABLED",
  parameter INTFB_WAKE = "DISABLED",
  parameter STDBY_ENABLE = "DISABLED",
  parameter DPHASE_SOURCE = "DISABLED",
  parameter OUTDIVIDER_MUXA = "DIVA",
  parameter OUTDIVIDER_MUXB = "DIVB",
  parameter OUTDIVIDER_MUXC = "DIVC",
  parameter OUTDIVIDER_MUXD = "DIVD",
  parameter CLKOP_ENABLE = "ENABLED",
  parameter FEEDBK_PATH = "CLKOP",
  parameter int CLKI_DIV = 1,
  parameter int CLKOP_DIV = 8,
  parameter int CLKOP_CPHASE = 0,
  parameter int CLKOP_FPHASE = 0,
  parameter int CLKFB_DIV = 1
) (
  input  logic RST,
  input  logic STDBY,
  input  logic CLKI,
  output logic CLKOP,
  input  logic CLKFB,
  output logic CLKINTFB,
  input  logic PHASESEL0,
  input  logic PHASESEL1,
  input  logic PHASEDIR,
  input  logic PHASESTEP,
  input  logic PHASELOADREG,
  input  logic PLLWAKESYNC,
  input  logic ENCLKOP,
  output logic LOCK
);
  assign CLKOP    = CLKI;
  assign CLKINTFB = 1'b0;
  assign LOCK     = ~RST;
endmodule
