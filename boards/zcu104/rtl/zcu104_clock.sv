// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Derives the SoC's clock from the board's differential one, by an MMCM with generated settings.
module zcu104_clock
  import zcu104_clock_pkg::*;
(
  input  logic clk_p_i,
  input  logic clk_n_i,
  output logic clk_o,
  /// The clock has reached its frequency; asynchronous.
  output logic locked_o
);
  logic clk_board, clk_mmcm, feedback_out, feedback_in;

  IBUFDS u_input (
    .I (clk_p_i),
    .IB(clk_n_i),
    .O (clk_board)
  );

  MMCME4_ADV #(
    .BANDWIDTH       ("OPTIMIZED"),
    .COMPENSATION    ("AUTO"),
    .CLKIN1_PERIOD   (InputPeriodNs),
    .DIVCLK_DIVIDE   (Divide),
    .CLKFBOUT_MULT_F (Multiply),
    .CLKOUT0_DIVIDE_F(OutputDivide)
  ) u_mmcm (
    .CLKIN1      (clk_board),
    .CLKIN2      (1'b0),
    .CLKINSEL    (1'b1),
    .CLKFBIN     (feedback_in),
    .CLKFBOUT    (feedback_out),
    .CLKFBOUTB   (),
    .CLKOUT0     (clk_mmcm),
    .CLKOUT0B    (),
    .CLKOUT1     (),
    .CLKOUT1B    (),
    .CLKOUT2     (),
    .CLKOUT2B    (),
    .CLKOUT3     (),
    .CLKOUT3B    (),
    .CLKOUT4     (),
    .CLKOUT5     (),
    .CLKOUT6     (),
    .LOCKED      (locked_o),
    .RST         (1'b0),
    .PWRDWN      (1'b0),
    .CLKFBSTOPPED(),
    .CLKINSTOPPED(),
    .CDDCREQ     (1'b0),
    .CDDCDONE    (),
    .DADDR       ('0),
    .DCLK        (1'b0),
    .DEN         (1'b0),
    .DI          ('0),
    .DO          (),
    .DRDY        (),
    .DWE         (1'b0),
    .PSCLK       (1'b0),
    .PSEN        (1'b0),
    .PSINCDEC    (1'b0),
    .PSDONE      ()
  );

  BUFG u_feedback (
    .I(feedback_out),
    .O(feedback_in)
  );

  BUFG u_output (
    .I(clk_mmcm),
    .O(clk_o)
  );
endmodule
