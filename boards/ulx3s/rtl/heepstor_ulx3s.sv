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
  /// SW1, on: the boot ROM starts the program in main memory. Off: it loads one over the serial
  /// line.
  input  logic [0:0] sw,
  /// From the lowest: clock locked; heartbeat (one second on, one off); program ended; exit code
  /// not 0; then the exit code's lowest bits.
  output logic [7:0] led,
  /// Kept high: low would hand control to the board's other controller.
  output logic       wifi_gpio0
);
  logic clk, rst_n, locked, second;
  logic exit_valid;
  logic [31:0] exit_code;

  ulx3s_pll u_pll (
    .clkin  (clk_25mhz),
    .clkout0(clk),
    .locked (locked)
  );

  reset_sync u_reset (
    .clk_i  (clk),
    .reset_i(btn[1] | ~locked),
    .rst_no (rst_n)
  );

  heepstor_soc u_soc (
    .clk_i            (clk),
    .rst_ni           (rst_n),
    .boot_select_i    (~sw[0]),
    .uart_rx_i        (ftdi_txd),
    .uart_tx_o        (ftdi_rxd),
    .jtag_tck_i       (1'b0),
    .jtag_tms_i       (1'b1),
    .jtag_tdi_i       (1'b0),
    .jtag_tdo_o       (),
    .jtag_trst_ni     (1'b1),
    .console_present_i(1'b0),
    .console_valid_o  (),
    .console_o        (),
    .exit_valid_o     (exit_valid),
    .exit_code_o      (exit_code)
  );

  heartbeat #(
    .ClockHz(heepstor_config_pkg::ClockHz)
  ) u_heartbeat (
    .clk_i  (clk),
    .rst_ni (rst_n),
    .light_o(second)
  );

  assign led = {exit_code[3:0], exit_valid && exit_code != '0, exit_valid, second, locked};
  assign wifi_gpio0 = 1'b1;
endmodule
