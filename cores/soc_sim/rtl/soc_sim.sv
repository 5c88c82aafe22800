// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The SoC with the signals that the simulation harness observes as ports.
module soc_sim (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic boot_select_i,

  input  logic       console_present_i,
  output logic       console_valid_o,
  output logic [7:0] console_o,

  input  logic uart_rx_i,
  output logic uart_tx_o,
  /// All characters have been sent on the serial line.
  output logic uart_idle_o,
  /// Clock cycles per bit on the serial line, as set by the program.
  output logic [15:0] uart_divider_o,

  input  logic jtag_tck_i,
  input  logic jtag_tms_i,
  input  logic jtag_tdi_i,
  output logic jtag_tdo_o,
  input  logic jtag_trst_ni,

  output logic        exit_valid_o,
  output logic [31:0] exit_code_o,

  /// An instruction retires in this cycle.
  output logic        retired_o,
  /// Address of the instruction being decoded.
  output logic [31:0] pc_o,
  /// The CPU waits in wfi.
  output logic        sleeping_o,
  /// There is activity besides the program counter: the CPU writes, or the engine uses the memory.
  output logic        active_o
);
  heepstor_soc u_soc (
    .clk_i,
    .rst_ni,
    .boot_select_i,
    .console_present_i,
    .console_valid_o,
    .console_o,
    .uart_rx_i,
    .uart_tx_o,
    .jtag_tck_i,
    .jtag_tms_i,
    .jtag_tdi_i,
    .jtag_tdo_o,
    .jtag_trst_ni,
    .exit_valid_o,
    .exit_code_o
  );

  assign uart_idle_o = u_soc.u_uart.tx_idle;
  assign uart_divider_o = u_soc.u_uart.divider;
  assign retired_o   = u_soc.u_cpu.core_i.mhpmevent_minstret & u_soc.cpu_edge;
  assign pc_o        = u_soc.u_cpu.core_i.pc_id;
  assign sleeping_o  = u_soc.u_cpu.core_sleep_o;
  assign active_o    = (u_soc.core_data_req.req & u_soc.core_data_req.we & u_soc.core_data_gnt) |
                       (u_soc.port_req & u_soc.port_gnt);
endmodule
