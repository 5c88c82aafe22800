// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Model of the parts of Xilinx's clock manager (UG974) that the board uses: CLKOUT0 and feedback.
///
/// It measures its input, rejects settings and inputs outside the data sheet's limits (DS925, speed
/// grade -2), and locks LockPeriods input periods after they are valid. Before it locks, CLKOUT0
/// runs at half the frequency, to expose logic that does not wait for LOCKED. The simulator's time
/// unit must be 1 ns.
module MMCME4_ADV #(
  parameter BANDWIDTH             = "OPTIMIZED",
  parameter COMPENSATION          = "AUTO",
  parameter real CLKIN1_PERIOD    = 0.0,
  parameter int DIVCLK_DIVIDE     = 1,
  parameter real CLKFBOUT_MULT_F  = 5.0,
  parameter real CLKOUT0_DIVIDE_F = 1.0,
  /// Not a parameter of the primitive: input periods until it locks.
  parameter int LockPeriods       = 50
) (
  input  logic        CLKIN1,
  input  logic        CLKIN2,
  input  logic        CLKINSEL,
  input  logic        CLKFBIN,
  output logic        CLKFBOUT,
  output logic        CLKFBOUTB,
  output logic        CLKOUT0,
  output logic        CLKOUT0B,
  output logic        CLKOUT1,
  output logic        CLKOUT1B,
  output logic        CLKOUT2,
  output logic        CLKOUT2B,
  output logic        CLKOUT3,
  output logic        CLKOUT3B,
  output logic        CLKOUT4,
  output logic        CLKOUT5,
  output logic        CLKOUT6,
  output logic        LOCKED,
  input  logic        RST,
  input  logic        PWRDWN,
  output logic        CLKFBSTOPPED,
  output logic        CLKINSTOPPED,
  input  logic        CDDCREQ,
  output logic        CDDCDONE,
  input  logic [ 6:0] DADDR,
  input  logic        DCLK,
  input  logic        DEN,
  input  logic [15:0] DI,
  output logic [15:0] DO,
  output logic        DRDY,
  input  logic        DWE,
  input  logic        PSCLK,
  input  logic        PSEN,
  input  logic        PSINCDEC,
  output logic        PSDONE
);
  localparam real InputMhz      = 1000.0 / CLKIN1_PERIOD;
  localparam real OscillatorMhz = InputMhz * CLKFBOUT_MULT_F / real'(DIVCLK_DIVIDE);
  localparam real HalfPeriod    = 500.0 * CLKOUT0_DIVIDE_F / OscillatorMhz;

  int  periods = 0;
  real last_edge = 0.0;

  function automatic bit is_eighths(real value);
    return value * 8.0 == $floor(value * 8.0);
  endfunction

  initial begin
    if (OscillatorMhz < 800.0 || OscillatorMhz > 1600.0)
      $fatal(1, "the oscillator would run at %f MHz", OscillatorMhz);
    if (InputMhz / real'(DIVCLK_DIVIDE) < 10.0 || InputMhz / real'(DIVCLK_DIVIDE) > 500.0)
      $fatal(1, "the phase detector would run at %f MHz", InputMhz / real'(DIVCLK_DIVIDE));
    if (!is_eighths(CLKFBOUT_MULT_F) || CLKFBOUT_MULT_F < 2.0 || CLKFBOUT_MULT_F > 128.0)
      $fatal(1, "CLKFBOUT_MULT_F is %f", CLKFBOUT_MULT_F);
    if (!is_eighths(CLKOUT0_DIVIDE_F) || CLKOUT0_DIVIDE_F < 2.0 || CLKOUT0_DIVIDE_F > 128.0)
      $fatal(1, "CLKOUT0_DIVIDE_F is %f", CLKOUT0_DIVIDE_F);
    if (BANDWIDTH != "OPTIMIZED" || COMPENSATION != "AUTO")
      $fatal(1, "only OPTIMIZED and AUTO are modelled");
  end

  // The declared period, within one or two picoseconds of rounding.
  function automatic bit is_promised(real period);
    return period < CLKIN1_PERIOD + 0.01 && period > CLKIN1_PERIOD - 0.01;
  endfunction

  always @(posedge CLKIN1) begin
    last_edge <= $realtime;
    if (RST || PWRDWN || !CLKINSEL || !is_promised($realtime - last_edge)) periods <= 0;
    else if (periods < LockPeriods) periods <= periods + 1;
  end

  // The feedback path must be closed, as the real primitive needs it for its phase.
  logic feedback_seen = 1'b0;
  always @(posedge CLKFBIN) feedback_seen <= 1'b1;

  initial begin
    CLKFBOUT = 1'b0;
    forever #(CLKIN1_PERIOD / 2.0) CLKFBOUT = ~CLKFBOUT;
  end

  initial begin
    CLKOUT0 = 1'b0;
    forever #(LOCKED ? HalfPeriod : 2.0 * HalfPeriod) CLKOUT0 = ~CLKOUT0;
  end

  assign LOCKED       = periods == LockPeriods && feedback_seen;
  assign CLKFBOUTB    = ~CLKFBOUT;
  assign CLKOUT0B     = ~CLKOUT0;
  assign CLKINSTOPPED = 1'b0;
  assign CLKFBSTOPPED = 1'b0;
  // Not modelled: no clock may be taken from these.
  assign {CLKOUT1, CLKOUT1B, CLKOUT2, CLKOUT2B, CLKOUT3, CLKOUT3B, CLKOUT4, CLKOUT5, CLKOUT6} = '0;
  assign {CDDCDONE, DRDY, PSDONE} = '0;
  assign DO = '0;

  logic unused_inputs;
  assign unused_inputs = ^{CLKIN2, CDDCREQ, DADDR, DCLK, DEN, DI, DWE, PSCLK, PSEN, PSINCDEC};
endmodule
