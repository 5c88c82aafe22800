// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// First stage of the engine: copies activations from memory into the activation buffer, PortWords
/// words a cycle, and fills what lies round them.
///
/// Descriptor i is loaded when descriptor i - 2 has been computed, so that the next one's activations
/// arrive while the present one's are in use. A fence waits until earlier ones have reported as well.
module activation_loader
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter  int unsigned PortWords   = 4,
  parameter  int unsigned StoreWords  = 4,
  parameter  int unsigned BufferWords = 65536,
  localparam int unsigned BufferWidth = $clog2(BufferWords)
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   clear_i,
  // Commands
  input  logic                   command_valid_i,
  input  load_command_t          command_i,
  output logic                   command_pop_o,
  // Progress: how many descriptors were computed, how many have reported, how many are loaded
  input  logic [15:0]            computed_i,
  input  logic [15:0]            stored_i,
  output logic [15:0]            loaded_o,
  output logic                   fenced_o,
  // Memory
  output logic                   req_o,
  output logic                   urgent_o,
  output logic [31:0]            addr_o,
  output logic [PortWords-1:0]   mask_o,
  input  logic                   gnt_i,
  input  logic                   rvalid_i,
  // Activation buffer: where the response's words go, and what is filled
  output logic [PortWords-1:0]   write_mask_o,
  output logic [BufferWidth-1:0] write_address_o,
  output logic                   fill_req_o,
  output logic [BufferWidth-1:0] fill_addr_o,
  output logic [StoreWords-1:0]  fill_mask_o,
  output logic [31:0]            fill_value_o,
  input  logic                   fill_gnt_i,
  output error_t                 error_o
);
  // Where a response goes. `last` is the descriptor's last word.
  typedef struct packed {
    logic                   last;
    logic [PortWords-1:0]   mask;
    logic [BufferWidth-1:0] address;
  } response_t;

  logic        start;
  logic        finish;
  logic        active_q;  // the command has been started
  logic        requesting_q;
  logic        receiving_q;  // the last response has not come
  logic        filling;
  logic [31:0] row_address_q;
  logic [31:0] column_address_q;
  logic [31:0] row_buffer_q;
  logic [31:0] column_buffer_q;
  logic [15:0] row_q;
  logic [15:0] column_q;
  logic [15:0] word_q;
  logic [15:0] remaining;
  logic        column_end;
  logic        row_end;
  logic        load_end;
  logic        behind;  // too many reporting descriptors have not reported
  logic        may_start;
  logic [32:0] buffer_word;
  logic        overflow;
  logic        fill_overflow;
  response_t   response_in;
  response_t   response_out;
  logic        responses_full;

  // Differences are taken modulo 2^16; a chain has at most 2^16 descriptors. A descriptor that does not
  // report may be the one that a fence has to wait for, so having reported is not enough.
  always_comb begin
    unique case (command_i.fence)
      FenceAll:        behind = stored_i != command_i.reports;
      FenceAllButLast: behind = 16'(command_i.reports - stored_i) > 16'd1;
      default:         behind = 1'b0;
    endcase
    may_start = command_valid_i && !behind && ((command_i.fence == FenceAll)
        ? computed_i == command_i.index : 16'(command_i.index - computed_i) <= 16'd1);
  end

  assign fenced_o = command_valid_i && behind;

  assign remaining  = command_i.words - word_q;
  assign column_end = remaining <= 16'(PortWords);
  assign row_end    = column_end && column_q == command_i.columns - 16'd1;
  assign load_end   = row_end && row_q == command_i.rows - 16'd1;

  always_comb begin
    for (int unsigned i = 0; i < PortWords; i++) mask_o[i] = 16'(i) < remaining;
  end

  // The last word of the access decides; the buffer's size is a power of two.
  assign buffer_word = 33'(column_buffer_q) + 33'(word_q);
  always_comb begin
    overflow = 1'b0;
    for (int unsigned i = 0; i < PortWords; i++) begin
      if (mask_o[i] && buffer_word + 33'(i) >= 33'(BufferWords)) overflow = 1'b1;
    end
  end

  // The array waits for these activations; otherwise they are for later.
  assign urgent_o = command_i.index == computed_i;

  assign error_o = '{
    valid: (requesting_q && overflow) || fill_overflow,
    code: ErrorBufferOverflow,
    index: command_i.index
  };
  assign req_o   = requesting_q && !overflow && !responses_full;
  assign addr_o  = column_address_q + {14'd0, word_q, 2'b00};

  assign response_in = '{last: load_end, mask: mask_o, address: BufferWidth'(buffer_word)};

  fifo_v3 #(
    .dtype(response_t),
    .DEPTH(4)
  ) u_responses (
    .clk_i,
    .rst_ni,
    .flush_i   (clear_i),
    .testmode_i(1'b0),
    .full_o    (responses_full),
    .empty_o   (),
    .usage_o   (),
    .data_i    (response_in),
    .push_i    (gnt_i),
    .data_o    (response_out),
    .pop_i     (rvalid_i)
  );

  assign write_mask_o    = rvalid_i ? response_out.mask : '0;
  assign write_address_o = response_out.address;

  buffer_filler #(
    .WriteWords (StoreWords),
    .BufferWords(BufferWords)
  ) u_filler (
    .clk_i,
    .rst_ni,
    .clear_i,
    .start_i   (start && command_i.fill),
    .command_i,
    .busy_o    (filling),
    .req_o     (fill_req_o),
    .addr_o    (fill_addr_o),
    .mask_o    (fill_mask_o),
    .gnt_i     (fill_gnt_i),
    .overflow_o(fill_overflow)
  );

  assign fill_value_o = command_i.fill_value;

  // A descriptor without a load is passed on as soon as it could have started.
  logic works;
  logic received;
  assign works         = command_i.load || command_i.fill;
  assign start         = may_start && !active_q;
  assign received      = !receiving_q || (rvalid_i && response_out.last);
  assign finish        = active_q ? received && !filling : start && !works;
  assign command_pop_o = finish;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q     <= 1'b0;
      requesting_q <= 1'b0;
      receiving_q  <= 1'b0;
      loaded_o     <= '0;
    end else if (clear_i) begin
      active_q     <= 1'b0;
      requesting_q <= 1'b0;
      receiving_q  <= 1'b0;
      loaded_o     <= '0;
    end else begin
      if (start && works) active_q <= 1'b1;
      else if (finish) active_q <= 1'b0;
      if (start && command_i.load) requesting_q <= 1'b1;
      else if (gnt_i && load_end) requesting_q <= 1'b0;
      if (start && command_i.load) receiving_q <= 1'b1;
      else if (rvalid_i && response_out.last) receiving_q <= 1'b0;
      if (finish) loaded_o <= loaded_o + 16'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start) begin
      row_address_q    <= command_i.source;
      column_address_q <= command_i.source;
      row_buffer_q     <= 32'(command_i.base) + 32'(command_i.head);
      column_buffer_q  <= 32'(command_i.base) + 32'(command_i.head);
      row_q            <= '0;
      column_q         <= '0;
      word_q           <= '0;
    end else if (gnt_i) begin
      word_q <= column_end ? '0 : word_q + 16'(PortWords);
      if (row_end) begin
        row_address_q    <= row_address_q + command_i.row_pitch;
        column_address_q <= row_address_q + command_i.row_pitch;
        row_buffer_q     <= row_buffer_q + 32'(command_i.pitch);
        column_buffer_q  <= row_buffer_q + 32'(command_i.pitch);
        row_q            <= row_q + 16'd1;
        column_q         <= '0;
      end else if (column_end) begin
        column_address_q <= column_address_q + command_i.column_pitch;
        column_buffer_q  <= column_buffer_q + 32'(command_i.words);
        column_q         <= column_q + 16'd1;
      end
    end
  end

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      req_o && !gnt_i && !clear_i |=> req_o && $stable({addr_o, mask_o}))
  else $error("a request changes before its grant");

  response_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) rvalid_i |-> receiving_q)
  else $error("a word that was not requested");

  command_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni) active_q |-> command_valid_i)
  else $error("the command is gone while it is carried out");
`endif
endmodule
