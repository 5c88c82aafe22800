// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// HEEPstor on the ZCU104 evaluation board: clock, reset, serial line, JTAG and LEDs.
module heepstor_zcu104 (
  /// The board's 125 MHz clock.
  input  logic clk_125_p_i,
  input  logic clk_125_n_i,
  /// Push button CPU_RESET: high while pressed.
  input  logic cpu_reset_i,

  /// On: the boot ROM starts the program in main memory. Off: it loads one over the serial line.
  input  logic dip_start_i,

  input  logic uart_rx_i,
  output logic uart_tx_o,

  /// From the lowest: clock locked; heartbeat (one second on, one off); program ended; exit code
  /// not 0.
  output logic [3:0] led_o
);
  logic clk, rst_n, locked, second;
  logic exit_valid;
  logic [31:0] exit_code;

  zcu104_clock u_clock (
    .clk_p_i (clk_125_p_i),
    .clk_n_i (clk_125_n_i),
    .clk_o   (clk),
    .locked_o(locked)
  );

  reset_sync u_reset (
    .clk_i  (clk),
    .reset_i(cpu_reset_i | ~locked),
    .rst_no (rst_n)
  );

  // The debugger connects through the FPGA's own JTAG port, over the board's USB cable.
  heepstor_soc #(
    .JtagBscan(1'b1)
  ) u_soc (
    .clk_i            (clk),
    .rst_ni           (rst_n),
    .boot_select_i    (~dip_start_i),
    .uart_rx_i,
    .uart_tx_o,
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

  assign led_o = {exit_valid && exit_code != '0, exit_valid, second, locked};
endmodule
