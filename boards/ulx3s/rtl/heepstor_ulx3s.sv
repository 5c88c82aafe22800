// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// HEEPstor on the ULX3S (ECP5-85F): clock, reset, serial line and LEDs.
module heepstor_ulx3s (
  input  logic       clk_25mhz,
  /// From the FPGA to the USB bridge.
  output logic       ftdi_rxd,
  /// From the USB bridge to the FPGA.
  input  logic       ftdi_txd,
  /// FIRE 1, high while pressed: resets the SoC.
  input  logic [1:1] btn,
  /// SW1, on: the boot ROM starts the program that is in the main memory. Off: it loads one over the
  /// serial line.
  input  logic [0:0] sw,
  /// From the lowest: the clock is locked, the SoC runs (a second on, a second off), the program has
  /// ended, its exit code is not 0; then its lowest bits.
  output logic [7:0] led,
  /// Kept high: low would let the board's other controller take over.
  output logic       wifi_gpio0
);
  import heepstor_config_pkg::ClockHz;

  localparam int unsigned SecondWidth = $clog2(ClockHz);

  logic clk, rst_n, locked;
  logic exit_valid;
  logic [31:0] exit_code;

  ulx3s_pll u_pll (
    .clkin  (clk_25mhz),
    .clkout0(clk),
    .locked (locked)
  );

  rstgen u_reset (
    .clk_i      (clk),
    .rst_ni     (locked & ~btn[1]),
    .test_mode_i(1'b0),
    .rst_no     (rst_n),
    .init_no    ()
  );

  heepstor_soc u_soc (
    .clk_i        (clk),
    .rst_ni       (rst_n),
    .boot_select_i(~sw[0]),
    .uart_rx_i    (ftdi_txd),
    .uart_tx_o    (ftdi_rxd),
    .jtag_tck_i   (1'b0),
    .jtag_tms_i   (1'b1),
    .jtag_tdi_i   (1'b0),
    .jtag_tdo_o   (),
    .jtag_trst_ni (1'b1),
    .exit_valid_o (exit_valid),
    .exit_code_o  (exit_code)
  );

  // A light that changes every second shows that the clock has the frequency it should have.
  logic [SecondWidth-1:0] cycles_q;
  logic second_q;

  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      cycles_q <= '0;
      second_q <= 1'b0;
    end else if (cycles_q == SecondWidth'(ClockHz - 1)) begin
      cycles_q <= '0;
      second_q <= ~second_q;
    end else begin
      cycles_q <= cycles_q + 1'b1;
    end
  end

  assign led = {exit_code[3:0], exit_valid && exit_code != '0, exit_valid, second_q, locked};
  assign wifi_gpio0 = 1'b1;
endmodule
