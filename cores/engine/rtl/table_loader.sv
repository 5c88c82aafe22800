// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Reads a table from memory: a function's, with 64 bits for each segment, or one of 256 bytes, which are
/// eight in an entry. Answers wait in a FIFO until their entries are written, one in a cycle.
///
/// `busy_o` from the cycle behind `start_i` until the last entry is written.
module table_loader
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
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
  localparam int unsigned ByteEntries  = 32;
  localparam int unsigned AnswerWidth  = $clog2(2 * Segments / PortWords + 1);
  localparam int unsigned PlacesWidth  = $clog2(OutstandingPlaces) + 1;

  logic                       requesting_q;
  logic                       last;  // request
  logic                       done;
  logic                       pop;  // the answer's last entry is written
  logic [PlacesWidth-1:0]     reserved_q;  // places taken in the FIFO, requested or filled
  logic [PlacesWidth-1:0]     waiting;  // answers
  logic [PortWords-1:0][31:0] answer;
  logic [SegmentWidth-1:0]    last_segment;

  assign req_o = requesting_q && !reserved_q[PlacesWidth-1];

  loop_counter #(
    .Width(AnswerWidth)
  ) u_requests (
    .clk_i,
    .step_i (start_i || gnt_i),
    .begin_i(start_i),
    .turns_i(AnswerWidth'((bytes_i ? 2 * ByteEntries : 2 * Segments) / PortWords)),
    .last_o (last)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_o       <= 1'b0;
      requesting_q <= 1'b0;
      reserved_q   <= '0;
    end else if (clear_i) begin
      busy_o       <= 1'b0;
      requesting_q <= 1'b0;
      reserved_q   <= '0;
    end else begin
      if (start_i) busy_o <= 1'b1;
      else if (done) busy_o <= 1'b0;
      if (start_i) requesting_q <= 1'b1;
      else if (gnt_i && last) requesting_q <= 1'b0;
      reserved_q <= reserved_q + PlacesWidth'(gnt_i) - PlacesWidth'(pop);
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      addr_o    <= address_i;
      segment_o <= '0;
    end else begin
      if (gnt_i) addr_o <= addr_o + 32'(4 * PortWords);
      if (write_o) segment_o <= segment_o + 1'b1;
    end
  end

  ram_fifo #(
    .Width(32 * PortWords),
    .Depth(OutstandingPlaces)
  ) u_answers (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (rvalid_i),
    .data_i (rdata_i),
    .pop_i  (pop),
    .data_o (answer),
    .count_o(waiting)
  );

  assign last_segment = bytes_i ? SegmentWidth'(ByteEntries - 1) : SegmentWidth'(Segments - 1);
  assign done         = write_o && segment_o == last_segment;

  if (PortWords == 1) begin : gen_halves
    logic        upper_q;
    logic [31:0] lower_q;

    always_ff @(posedge clk_i) begin
      if (start_i) upper_q <= 1'b0;
      else if (pop) upper_q <= !upper_q;
      if (pop) lower_q <= answer;
    end

    assign pop     = waiting != '0;
    assign write_o = pop && upper_q;
    assign entry_o = {answer, lower_q};
  end else begin : gen_whole
    localparam int unsigned Entries = PortWords / 2;  // of an answer

    logic [Entries-1:0][63:0] entries;

    assign entries = answer;
    assign write_o = waiting != '0;
    assign pop     = write_o && (segment_o % SegmentWidth'(Entries) == SegmentWidth'(Entries - 1));
    assign entry_o = entries[segment_o%SegmentWidth'(Entries)];
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
  assert property (@(posedge clk_i) disable iff (!rst_ni) rvalid_i |-> reserved_q > waiting)
  else $error("an answer that was not requested");
`endif
endmodule
