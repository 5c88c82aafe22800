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
  localparam int unsigned ByteEntries = 32;
  localparam int unsigned AnswerWidth = $clog2(2 * Segments / PortWords + 1);

  logic                    again;  // the answer after this one would find its place
  logic                    unwritten;  // entries of the answer before
  logic                    last_q;  // all is requested
  logic                    done;
  logic [AnswerWidth-1:0]  answers_q;  // still to be requested, without the present one
  logic [SegmentWidth-1:0] last_segment;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_o <= 1'b0;
      req_o  <= 1'b0;
    end else if (clear_i) begin
      busy_o <= 1'b0;
      req_o  <= 1'b0;
    end else begin
      if (start_i) busy_o <= 1'b1;
      else if (done) busy_o <= 1'b0;
      if (start_i || (again && !last_q)) req_o <= 1'b1;
      else if (gnt_i) req_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      addr_o    <= address_i;
      answers_q <= AnswerWidth'((bytes_i ? 2 * ByteEntries : 2 * Segments) / PortWords - 1);
      last_q    <= 1'b0;
      segment_o <= '0;
    end else begin
      if (gnt_i) begin
        addr_o    <= addr_o + 32'(4 * PortWords);
        answers_q <= answers_q - 1'b1;
        last_q    <= answers_q == '0;
      end
      if (write_o) segment_o <= segment_o + 1'b1;
    end
  end

  assign last_segment = bytes_i ? SegmentWidth'(ByteEntries - 1) : SegmentWidth'(Segments - 1);
  assign done         = write_o && segment_o == last_segment;

  // Each word of an answer has at most one other that it forms an entry with.
  if (PortWords == 1) begin : gen_halves
    logic        upper_q;
    logic [31:0] lower_q;

    always_ff @(posedge clk_i) begin
      if (start_i) upper_q <= 1'b0;
      else if (rvalid_i) upper_q <= !upper_q;
      if (rvalid_i) lower_q <= rdata_i;
    end

    assign write_o = rvalid_i && upper_q;
    assign entry_o = {rdata_i, lower_q};
    assign again   = rvalid_i;
    assign unwritten = 1'b0;
  end else if (PortWords == 2) begin : gen_whole
    assign write_o = rvalid_i;
    assign entry_o = rdata_i;
    assign again   = rvalid_i;
    assign unwritten = 1'b0;
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

    // An answer comes two cycles after its request at the earliest.
    assign write_o = rvalid_i || left_q != '0;
    assign entry_o = rvalid_i ? rdata_i[1:0] : others_q[0];
    assign again   = (Entries == 2) ? rvalid_i : left_q == LeftWidth'(Entries - 1);
    assign unwritten = left_q != '0;
  end

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      req_o && !gnt_i && !clear_i |=> req_o && $stable(addr_o))
  else $error("a request changes before its grant");

  started_when_idle :
  assert property (@(posedge clk_i) disable iff (!rst_ni) start_i |-> !busy_o)
  else $error("started before the table was complete");

  logic waits_q;  // for the answer to a request

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) waits_q <= 1'b0;
    else waits_q <= !clear_i && (gnt_i || (waits_q && !rvalid_i));
  end

  answer_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) rvalid_i |-> waits_q)
  else $error("an answer that was not requested");

  answer_finds_its_place :
  assert property (@(posedge clk_i) disable iff (!rst_ni) rvalid_i |-> !unwritten)
  else $error("an answer comes before the last one is written");
`endif
endmodule
