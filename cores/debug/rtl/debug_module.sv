// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The debug module of riscv-dbg for one CPU: its registers, the memory from which the halted CPU
/// executes, and its access to the system bus.
///
/// The same parts as in riscv-dbg's dm_top, with two differences. A system reset clears its state
/// of the CPU (halted, command running) and of the bus (access in progress) but not its registers,
/// so that a debugger can reset the CPU whether it was halted or not. And its own access to an
/// unmapped address ends with an error.
module debug_module
  import soc_obi_pkg::*;
(
  input  logic clk_i,
  /// Power-on reset.
  input  logic rst_ni,
  /// Reset of CPU and bus; low whenever rst_ni is.
  input  logic system_rst_ni,
  /// Reset of the requests, together with their transport.
  input  logic dmi_rst_ni,

  input  dm::dmi_req_t  request_i,
  input  logic          request_valid_i,
  output logic          request_ready_o,
  output dm::dmi_resp_t response_o,
  output logic          response_valid_o,
  input  logic          response_ready_i,

  /// The debugger resets everything but this module.
  output logic ndmreset_o,
  /// Requests the CPU to halt.
  output logic debug_req_o,

  /// Memory of the halted CPU; answers two cycles after the grant.
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
  /// In the cycle of a grant: the address is unmapped.
  input  logic     bus_error_i
);
  // sbcs.sberror for an unmapped address.
  localparam logic [2:0] BadAddress = 3'd2;

  // The program buffer saves s0 and a0 in the CPU's two scratch registers.
  localparam dm::hartinfo_t HartInfo = '{
    zero1: '0, nscratch: 4'd2, zero0: '0, dataaccess: 1'b0, datasize: '0, dataaddr: '0
  };

  logic [19:0] hartsel;
  logic dmactive, halted, resuming, halt_request, resume_request, clear_resume_ack;
  logic command_valid, command_busy, command_error_valid, data_valid;
  dm::command_t command;
  dm::cmderr_e command_error;
  logic [dm::ProgBufSize-1:0][31:0] program_buffer;
  logic [dm::DataCount-1:0][31:0] data_to_memory, data_from_memory;

  logic [31:0] address, next_address, bus_wdata, bus_rdata;
  logic address_written, read_on_address, auto_increment, read_on_data, data_read, data_written;
  logic [2:0] access_size, size_error;
  logic bus_busy, bus_rvalid, size_error_valid;

  dm_csrs #(
    .NrHarts (1),
    .BusWidth(32)
  ) u_registers (
    .clk_i,
    .rst_ni,
    .testmode_i             (1'b0),
    .dmi_rst_ni,
    .dmi_req_valid_i        (request_valid_i),
    .dmi_req_ready_o        (request_ready_o),
    .dmi_req_i              (request_i),
    .dmi_resp_valid_o       (response_valid_o),
    .dmi_resp_ready_i       (response_ready_i),
    .dmi_resp_o             (response_o),
    .ndmreset_o,
    .dmactive_o             (dmactive),
    .hartsel_o              (hartsel),
    .hartinfo_i             (HartInfo),
    .halted_i               (halted),
    .unavailable_i          (1'b0),
    .resumeack_i            (resuming),
    .haltreq_o              (halt_request),
    .resumereq_o            (resume_request),
    .clear_resumeack_o      (clear_resume_ack),
    .cmd_valid_o            (command_valid),
    .cmd_o                  (command),
    .cmderror_valid_i       (command_error_valid),
    .cmderror_i             (command_error),
    .cmdbusy_i              (command_busy),
    .progbuf_o              (program_buffer),
    .data_o                 (data_to_memory),
    .data_i                 (data_from_memory),
    .data_valid_i           (data_valid),
    .sbaddress_o            (address),
    .sbaddress_i            (next_address),
    .sbaddress_write_valid_o(address_written),
    .sbreadonaddr_o         (read_on_address),
    .sbautoincrement_o      (auto_increment),
    .sbaccess_o             (access_size),
    .sbreadondata_o         (read_on_data),
    .sbdata_o               (bus_wdata),
    .sbdata_read_valid_o    (data_read),
    .sbdata_write_valid_o   (data_written),
    .sbdata_i               (bus_rdata),
    .sbdata_valid_i         (bus_rvalid),
    .sbbusy_i               (bus_busy),
    .sberror_valid_i        (size_error_valid | bus_error_i),
    .sberror_i              (bus_error_i ? BadAddress : size_error)
  );

  dm_sba #(
    .BusWidth(32)
  ) u_system_bus (
    .clk_i,
    .rst_ni                 (system_rst_ni),
    .dmactive_i             (dmactive),
    .master_req_o           (bus_o.req),
    .master_add_o           (bus_o.addr),
    .master_we_o            (bus_o.we),
    .master_wdata_o         (bus_o.wdata),
    .master_be_o            (bus_o.be),
    .master_gnt_i           (bus_gnt_i),
    .master_r_valid_i       (bus_i.rvalid),
    .master_r_rdata_i       (bus_i.rdata),
    .sbaddress_i            (address),
    .sbaddress_write_valid_i(address_written),
    .sbreadonaddr_i         (read_on_address),
    .sbaddress_o            (next_address),
    .sbautoincrement_i      (auto_increment),
    .sbaccess_i             (access_size),
    .sbreadondata_i         (read_on_data),
    .sbdata_i               (bus_wdata),
    .sbdata_read_valid_i    (data_read),
    .sbdata_write_valid_i   (data_written),
    .sbdata_o               (bus_rdata),
    .sbdata_valid_o         (bus_rvalid),
    .sbbusy_o               (bus_busy),
    .sberror_valid_o        (size_error_valid),
    .sberror_o              (size_error)
  );

  // What the CPU writes to the memory leads on to the registers, so it comes from a register.
  obi_req_t cpu_request;

  obi_register #(
    .Registered(1'b1)
  ) u_register (
    .clk_i,
    .rst_ni      (system_rst_ni),
    .master_i    ('{
      req: obi_req_i, addr: obi_addr_i, we: obi_we_i, be: obi_be_i, wdata: obi_wdata_i
    }),
    .select_i    (1'b0),
    .master_gnt_o(obi_gnt_o),
    .slave_o     (cpu_request),
    .select_o    (),
    .slave_gnt_i (1'b1)
  );

  dm_mem #(
    .NrHarts (1),
    .BusWidth(32)
  ) u_memory (
    .clk_i,
    .rst_ni           (system_rst_ni),
    .debug_req_o,
    .hartsel_i        (hartsel),
    .haltreq_i        (halt_request),
    .resumereq_i      (resume_request),
    .clear_resumeack_i(clear_resume_ack),
    .halted_o         (halted),
    .resuming_o       (resuming),
    .progbuf_i        (program_buffer),
    .data_i           (data_to_memory),
    .data_o           (data_from_memory),
    .data_valid_o     (data_valid),
    .cmd_valid_i      (command_valid),
    .cmd_i            (command),
    .cmderror_valid_o (command_error_valid),
    .cmderror_o       (command_error),
    .cmdbusy_o        (command_busy),
    .req_i            (cpu_request.req),
    .we_i             (cpu_request.we),
    .addr_i           (cpu_request.addr),
    .wdata_i          (cpu_request.wdata),
    .be_i             (cpu_request.be),
    .rdata_o          (obi_rdata_o)
  );

  always_ff @(posedge clk_i or negedge system_rst_ni) begin
    if (!system_rst_ni) obi_rvalid_o <= 1'b0;
    else obi_rvalid_o <= cpu_request.req;
  end
endmodule
