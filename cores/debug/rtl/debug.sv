// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Debugging over JTAG: TAP, transport and debug module.
module debug
  import soc_obi_pkg::*;
#(
  /// 1: use the FPGA's TAP (Xilinx, instructions USER3 and USER4) instead of the pins.
  parameter bit Bscan = 1'b0,
  /// IDCODE of the TAP at the pins: version 1, part 0x4845, no manufacturer.
  parameter logic [31:0] Idcode = 32'h1484_5001
) (
  input  logic clk_i,
  /// Power-on reset of everything here.
  input  logic rst_ni,
  /// Reset of CPU and bus; low whenever rst_ni is.
  input  logic system_rst_ni,

  input  logic jtag_tck_i,
  input  logic jtag_tms_i,
  input  logic jtag_tdi_i,
  output logic jtag_tdo_o,
  input  logic jtag_trst_ni,

  /// The debugger resets everything but this module.
  output logic ndmreset_o,
  /// Requests the CPU to halt.
  output logic debug_req_o,

  /// Memory of the halted CPU.
  input  logic        obi_req_i,
  output logic        obi_gnt_o,
  input  logic [31:0] obi_addr_i,
  input  logic        obi_we_i,
  input  logic [3:0]  obi_be_i,
  input  logic [31:0] obi_wdata_i,
  output logic        obi_rvalid_o,
  output logic [31:0] obi_rdata_o,

  /// The debugger's accesses to the system bus.
  output obi_req_t bus_o,
  input  logic     bus_gnt_i,
  input  obi_rsp_t bus_i,
  input  logic     bus_error_i
);
  // TAP.
  logic tck, tdi, capture_dr, shift_dr, update_dr, dtmcs_select, dmi_select, dmi_reset, dmi_tdo;
  logic [1:0] dmi_error;

  // Both sides of the clock domain crossing must be reset together.
  logic tck_rst_n, dmi_rst_meta_q, dmi_rst_n;
  assign tck_rst_n = rst_ni & (Bscan | jtag_trst_ni);

  always_ff @(posedge clk_i or negedge tck_rst_n) begin
    if (!tck_rst_n) begin
      dmi_rst_meta_q <= 1'b0;
      dmi_rst_n      <= 1'b0;
    end else begin
      dmi_rst_meta_q <= 1'b1;
      dmi_rst_n      <= dmi_rst_meta_q;
    end
  end

  if (Bscan) begin : gen_bscan
    debug_bscan_tap u_tap (
      .tck_o         (tck),
      .tdi_o         (tdi),
      .capture_dr_o  (capture_dr),
      .shift_dr_o    (shift_dr),
      .update_dr_o   (update_dr),
      .dtmcs_select_o(dtmcs_select),
      .dmi_select_o  (dmi_select),
      .dmi_reset_o   (dmi_reset),
      .dmi_error_i   (dmi_error),
      .dmi_tdo_i     (dmi_tdo)
    );

    assign jtag_tdo_o = 1'b0;

    logic unused_pins;
    assign unused_pins = ^{jtag_tck_i, jtag_tms_i, jtag_tdi_i, jtag_trst_ni};
  end else begin : gen_pins
    dmi_jtag_tap #(
      .IdcodeValue(Idcode)
    ) u_tap (
      .tck_i             (jtag_tck_i),
      .tms_i             (jtag_tms_i),
      .trst_ni           (tck_rst_n),
      .td_i              (jtag_tdi_i),
      .td_o              (jtag_tdo_o),
      .tdo_oe_o          (),
      .testmode_i        (1'b0),
      .test_logic_reset_o(),
      .shift_dr_o        (shift_dr),
      .update_dr_o       (update_dr),
      .capture_dr_o      (capture_dr),
      .dmi_access_o      (dmi_select),
      .dtmcs_select_o    (dtmcs_select),
      .dmi_reset_o       (dmi_reset),
      .dmi_error_i       (dmi_error),
      .dmi_tdi_o         (tdi),
      .dmi_tdo_i         (dmi_tdo)
    );

    assign tck = jtag_tck_i;
  end

  // Transport.
  dm::dmi_req_t request;
  dm::dmi_resp_t response;
  logic request_valid, request_ready, response_valid, response_ready;

  debug_transport u_transport (
    .clk_i,
    .rst_ni          (dmi_rst_n),
    .tck_i           (tck),
    .tck_rst_ni      (tck_rst_n),
    .capture_dr_i    (capture_dr),
    .shift_dr_i      (shift_dr),
    .update_dr_i     (update_dr),
    .dmi_select_i    (dmi_select),
    .tdi_i           (tdi),
    .dmi_tdo_o       (dmi_tdo),
    .error_clear_i   (dtmcs_select & update_dr & dmi_reset),
    .error_o         (dmi_error),
    .request_o       (request),
    .request_valid_o (request_valid),
    .request_ready_i (request_ready),
    .response_i      (response),
    .response_valid_i(response_valid),
    .response_ready_o(response_ready)
  );

  debug_module u_module (
    .clk_i,
    .rst_ni,
    .system_rst_ni,
    .dmi_rst_ni      (dmi_rst_n),
    .request_i       (request),
    .request_valid_i (request_valid),
    .request_ready_o (request_ready),
    .response_o      (response),
    .response_valid_o(response_valid),
    .response_ready_i(response_ready),
    .ndmreset_o,
    .debug_req_o,
    .obi_req_i,
    .obi_gnt_o,
    .obi_addr_i,
    .obi_we_i,
    .obi_be_i,
    .obi_wdata_i,
    .obi_rvalid_o,
    .obi_rdata_o,
    .bus_o,
    .bus_gnt_i,
    .bus_i,
    .bus_error_i
  );
endmodule
