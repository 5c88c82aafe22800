// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// JTAG side of the debug module: turns scans of the register dmi into requests and responses.
///
/// RISC-V External Debug Support 0.13.2, chapter 6. The TAP (pins or an FPGA primitive) is outside
/// and has the instruction register and dtmcs.
module debug_transport (
  input  logic clk_i,
  /// Reset of the requests on the side of clk_i.
  input  logic rst_ni,

  /// The TAP: its clock, the states of its data register, and what is selected.
  input  logic tck_i,
  input  logic tck_rst_ni,
  input  logic capture_dr_i,
  input  logic shift_dr_i,
  input  logic update_dr_i,
  input  logic dmi_select_i,
  input  logic tdi_i,
  output logic dmi_tdo_o,
  /// A debugger has seen the error, and clears it (dtmcs.dmireset).
  input  logic error_clear_i,
  output logic [1:0] error_o,

  output dm::dmi_req_t  request_o,
  output logic          request_valid_o,
  input  logic          request_ready_i,
  input  dm::dmi_resp_t response_i,
  input  logic          response_valid_i,
  output logic          response_ready_o
);
  // The register dmi, shifted lowest bit first.
  typedef struct packed {
    logic [6:0]  address;
    logic [31:0] data;
    logic [1:0]  op;
  } dmi_t;

  localparam logic [1:0] NoError = 2'd0;
  localparam logic [1:0] Busy    = 2'd3;

  typedef enum logic [1:0] { Idle, Request, Response } state_e;

  state_e state_q;
  dmi_t shift_q, access_q;
  logic [1:0] error_q;
  logic too_early, start, sent, answered;
  dm::dmi_req_t request;
  dm::dmi_resp_t response;

  // A debugger that does not wait for a response gets an error until it clears it.
  assign too_early = dmi_select_i && (capture_dr_i || update_dr_i) && (state_q != Idle);
  assign start     = dmi_select_i && update_dr_i && (state_q == Idle) && (error_q == NoError) &&
                     (shift_q.op == dm::DTM_READ || shift_q.op == dm::DTM_WRITE);

  always_ff @(posedge tck_i or negedge tck_rst_ni) begin
    if (!tck_rst_ni) begin
      state_q  <= Idle;
      access_q <= '0;
    end else begin
      unique case (state_q)
        Idle: begin
          if (start) begin
            state_q  <= Request;
            access_q <= shift_q;
          end
        end
        Request: if (sent) state_q <= Response;
        default: begin
          if (answered) begin
            state_q <= Idle;
            if (access_q.op == dm::DTM_READ) access_q.data <= response.data;
          end
        end
      endcase
    end
  end

  always_ff @(posedge tck_i or negedge tck_rst_ni) begin
    if (!tck_rst_ni) error_q <= NoError;
    else if (error_clear_i) error_q <= NoError;
    else if (too_early) error_q <= Busy;
  end

  always_ff @(posedge tck_i or negedge tck_rst_ni) begin
    if (!tck_rst_ni) begin
      shift_q <= '0;
    end else if (dmi_select_i) begin
      if (capture_dr_i) begin
        shift_q <= '{
          address: access_q.address,
          data: access_q.data,
          op: too_early ? Busy : error_q
        };
      end else if (shift_dr_i) begin
        shift_q <= {tdi_i, shift_q[$bits(dmi_t)-1:1]};
      end
    end
  end

  assign dmi_tdo_o = shift_q.op[0];
  assign error_o   = error_q;

  assign request = '{
    addr: access_q.address,
    op: dm::dtm_op_e'(access_q.op),
    data: access_q.data
  };

  dmi_cdc u_cdc (
    .tck_i,
    .trst_ni         (tck_rst_ni),
    .jtag_dmi_req_i  (request),
    .jtag_dmi_ready_o(sent),
    .jtag_dmi_valid_i(state_q == Request),
    .jtag_dmi_resp_o (response),
    .jtag_dmi_valid_o(answered),
    .jtag_dmi_ready_i(1'b1),
    .clk_i,
    .rst_ni,
    .core_dmi_req_o  (request_o),
    .core_dmi_valid_o(request_valid_o),
    .core_dmi_ready_i(request_ready_i),
    .core_dmi_resp_i (response_i),
    .core_dmi_ready_o(response_ready_o),
    .core_dmi_valid_i(response_valid_i)
  );

  // The module always responds with success: errors are in its own registers.
  logic unused_response;
  assign unused_response = ^response.resp;
endmodule
