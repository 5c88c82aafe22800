// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Fills what lies round the rows of a region of the activation buffer: its head, the gap behind each
/// row, its tail. That is the padding of a feature map. `overflow_o` tells that rows or what is written
/// lie behind the buffer, where words wrap around; it comes a cycle after the request.
module buffer_filler
  import engine_pkg::*;
#(
  parameter  int unsigned WriteWords   = 4,
  parameter  int unsigned BufferWords = 65536,
  localparam int unsigned BufferWidth = $clog2(BufferWords)
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   clear_i,
  input  logic                   start_i,
  input  load_command_t          command_i,
  output logic                   busy_o,
  // Activation buffer
  output logic                   req_o,
  output logic [BufferWidth-1:0] addr_o,
  output logic [WriteWords-1:0]   mask_o,
  input  logic                   gnt_i,
  output logic                   overflow_o
);
  typedef enum logic [1:0] {
    StateIdle,
    StateHead,
    StateGap,
    StateTail
  } state_e;

  // A word of the buffer that exists, or one a row further.
  typedef logic [PlaceWidth-1:0] place_t;

  state_e      state_q;
  place_t      address_q;
  place_t      row_q;  // first word of the row whose gap is next
  place_t      row_words_q;  // in front of the gap
  logic [15:0] rows_q;  // rows whose gap is still to come
  logic [15:0] left_q;  // words of the segment
  logic        beyond;
  logic        segment_end;

  assign busy_o      = state_q != StateIdle;
  assign req_o       = busy_o && left_q != '0;
  assign addr_o      = address_q[BufferWidth-1:0];
  assign segment_end = left_q == '0 || (gnt_i && left_q <= 16'(WriteWords));

  always_comb begin
    // Rows end in the buffer, even those without a gap.
    beyond = 32'(row_q) > BufferWords;
    for (int unsigned i = 0; i < WriteWords; i++) begin
      mask_o[i] = 16'(i) < left_q;
      if (mask_o[i] && 32'(address_q) >= BufferWords - i) beyond = 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) overflow_o <= 1'b0;
    else overflow_o <= busy_o && beyond && !clear_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StateIdle;
    end else if (clear_i) begin
      state_q <= StateIdle;
    end else if (start_i) begin
      state_q <= StateHead;
    end else if (segment_end) begin
      unique case (state_q)
        StateHead: state_q <= StateGap;
        StateGap:  if (rows_q == 16'd0) state_q <= StateTail;
        default:   state_q <= StateIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i) row_words_q <= place_t'(command_i.pitch) - place_t'(command_i.gap);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      address_q <= place_t'(command_i.base);
      left_q    <= command_i.head;
      row_q     <= place_t'(command_i.base) + place_t'(command_i.head);
      rows_q    <= command_i.rows;
    end else if (segment_end && rows_q != '0) begin
      address_q <= row_q + row_words_q;
      left_q    <= command_i.gap;
      row_q     <= row_q + place_t'(command_i.pitch);
      rows_q    <= rows_q - 16'd1;
    end else if (segment_end) begin
      address_q <= row_q;
      left_q    <= command_i.tail;
    end else if (gnt_i) begin
      address_q <= address_q + place_t'(WriteWords);
      left_q    <= left_q - 16'(WriteWords);
    end
  end

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      req_o && !gnt_i && !clear_i |=> req_o && $stable({addr_o, mask_o}))
  else $error("a request changes before its grant");

  started_when_idle :
  assert property (@(posedge clk_i) disable iff (!rst_ni) start_i |-> !busy_o)
  else $error("started while it fills");
`endif
endmodule
