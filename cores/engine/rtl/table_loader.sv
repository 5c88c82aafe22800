// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Reads a table from memory: a function's, with 64 bits for each segment, or one of 256 bytes, which are
/// eight in an entry. There is one request at a time.
///
/// `busy_o` from the cycle behind `start_i` until the last entry is written.
module table_loader
  import engine_descriptor_pkg::*;
#(
  parameter  int unsigned PortWords    = 4,
  localparam int unsigned SegmentWidth = $clog2(Segments)
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       clear_i,
  input  logic                       start_i,
  input  logic [31:0]                address_i,
  input  logic                       bytes_i,
  output logic                       busy_o,
  // Memory
  output logic                       req_o,
  output logic [31:0]                addr_o,
  input  logic                       gnt_i,
  input  logic                       rvalid_i,
  input  logic [PortWords-1:0][31:0] rdata_i,
  // The table
  output logic                       write_o,
  output logic [SegmentWidth-1:0]    segment_o,
  output logic [63:0]                entry_o
);
  logic [31:0] address_q;
  logic        waits_q;  // for the answer to a request
  logic        last;
  logic        complete;  // nothing is left to request

  assign req_o  = busy_o && !waits_q && !complete;
  assign addr_o = address_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_o  <= 1'b0;
      waits_q <= 1'b0;
    end else if (clear_i) begin
      busy_o  <= 1'b0;
      waits_q <= 1'b0;
    end else begin
      if (start_i) busy_o <= 1'b1;
      else if (last) busy_o <= 1'b0;
      if (gnt_i || rvalid_i) waits_q <= gnt_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) address_q <= address_i;
    else if (gnt_i) address_q <= address_q + 32'(4 * PortWords);
    if (start_i) segment_o <= '0;
    else if (write_o) segment_o <= segment_o + 1'b1;
  end

  localparam int unsigned ByteEntries = 32;

  logic [SegmentWidth-1:0] last_segment;

  assign last_segment = bytes_i ? SegmentWidth'(ByteEntries - 1) : SegmentWidth'(Segments - 1);
  assign last         = write_o && segment_o == last_segment;

  // Each word of an answer has at most one other that it forms an entry with.
  if (PortWords == 1) begin : gen_halves
    logic        upper_q;
    logic [31:0] lower_q;

    always_ff @(posedge clk_i) begin
      if (start_i) upper_q <= 1'b0;
      else if (rvalid_i) upper_q <= !upper_q;
      if (rvalid_i) lower_q <= rdata_i;
    end

    assign write_o  = rvalid_i && upper_q;
    assign entry_o  = {rdata_i, lower_q};
    assign complete = 1'b0;
  end else if (PortWords == 2) begin : gen_whole
    assign write_o  = rvalid_i;
    assign entry_o  = rdata_i;
    assign complete = 1'b0;
  end else begin : gen_several
    localparam int unsigned Entries   = PortWords / 2;  // of an answer
    localparam int unsigned LeftWidth = $clog2(Entries);

    logic [LeftWidth-1:0]     left_q;  // entries of the answer that are not written yet
    logic [Entries-2:0][63:0] others_q;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) left_q <= '0;
      else if (clear_i) left_q <= '0;
      else if (rvalid_i) left_q <= LeftWidth'(Entries - 1);
      else if (left_q != '0) left_q <= left_q - 1'b1;
    end

    always_ff @(posedge clk_i) begin
      if (rvalid_i) others_q <= rdata_i[PortWords-1:2];
      else others_q <= (64 * (Entries - 1))'({64'd0, others_q} >> 64);
    end

    // The next answer must not come before the last entry has been written.
    assign write_o  = rvalid_i || left_q != '0;
    assign entry_o  = rvalid_i ? rdata_i[1:0] : others_q[0];
    assign complete = left_q != '0 && (left_q != LeftWidth'(1) || segment_o == last_segment);
  end

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      req_o && !gnt_i && !clear_i |=> req_o && $stable(addr_o))
  else $error("a request changes before its grant");

  started_when_idle :
  assert property (@(posedge clk_i) disable iff (!rst_ni) start_i |-> !busy_o)
  else $error("started before the table was complete");

  answer_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) rvalid_i |-> waits_q)
  else $error("an answer that was not requested");
`endif
endmodule
