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
  output logic                   req_now_o,  // the array waits for these activations
  output logic                   req_ahead_o,  // they are for later
  output logic                   urgent_o,
  output logic [31:0]            addr_o,
  output logic [PortWords-1:0]   mask_o,
  input  logic                   gnt_i,
  input  logic                   rvalid_i,
  // Activation buffer: where the response's words go, and what is filled
  output logic                   write_o,
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

  typedef struct packed {
    logic [31:0] address;
    logic        overflow;  // of the buffer, which nobody asks memory for
    response_t   response;
  } request_t;

  // A word of the buffer that exists, or one a step further.
  typedef logic [PlaceWidth-1:0] place_t;

  logic        start;
  logic        finish;
  logic        active_q;  // the command has been started
  logic        receiving_q;  // the last response has not come
  logic        filling;
  logic        behind;  // too many reporting descriptors have not reported
  logic        may_start;
  logic        may_start_q;
  logic        fill_overflow;
  response_t   response_out;

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

  // Seen a cycle late: a command that may start may do so until it does.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) may_start_q <= 1'b0;
    else may_start_q <= may_start && !command_pop_o && !clear_i;
  end

  always_ff @(posedge clk_i) urgent_o <= command_i.index == computed_i;

  // The walk through the activations: words of a column, columns of a row, rows.
  logic        walking_q;
  logic [31:0] row_address_q;
  logic [31:0] column_address_q;
  logic [31:0] address_q;
  place_t      row_place_q;
  place_t      place_q;
  logic [15:0] rows_q;  // still to come, with this one
  logic [15:0] columns_q;
  logic [15:0] words_q;
  logic [31:0] next_row_address;
  logic [31:0] next_column_address;
  place_t      next_row_place;
  logic        column_end;
  logic        row_end;
  logic        load_end;
  logic        walk;

  assign column_end          = words_q <= 16'(PortWords);
  assign row_end             = column_end && columns_q == 16'd1;
  assign load_end            = row_end && rows_q == 16'd1;
  assign next_row_address    = row_address_q + command_i.row_pitch;
  assign next_column_address = column_address_q + command_i.column_pitch;
  assign next_row_place      = row_place_q + place_t'(command_i.pitch);

  always_ff @(posedge clk_i) begin
    if (start) begin
      row_address_q    <= command_i.source;
      column_address_q <= command_i.source;
      address_q        <= command_i.source;
      row_place_q      <= place_t'(command_i.base) + place_t'(command_i.head);
      place_q          <= place_t'(command_i.base) + place_t'(command_i.head);
      rows_q           <= command_i.rows;
      columns_q        <= command_i.columns;
      words_q          <= command_i.words;
    end else if (walk) begin
      if (row_end) begin
        row_address_q    <= next_row_address;
        column_address_q <= next_row_address;
        address_q        <= next_row_address;
        row_place_q      <= next_row_place;
        place_q          <= next_row_place;
        rows_q           <= rows_q - 16'd1;
        columns_q        <= command_i.columns;
        words_q          <= command_i.words;
      end else if (column_end) begin
        column_address_q <= next_column_address;
        address_q        <= next_column_address;
        place_q          <= place_q + place_t'(words_q);
        columns_q        <= columns_q - 16'd1;
        words_q          <= command_i.words;
      end else begin
        address_q <= address_q + 32'(4 * PortWords);
        place_q   <= place_q + place_t'(PortWords);
        words_q   <= words_q - 16'(PortWords);
      end
    end
  end

  // The buffer's size is a power of two.
  logic [PortWords-1:0] mask;
  logic                 overflow;

  always_comb begin
    overflow = 1'b0;
    for (int unsigned i = 0; i < PortWords; i++) begin
      mask[i] = 16'(i) < words_q;
      if (mask[i] && 32'(place_q) >= BufferWords - i) overflow = 1'b1;
    end
  end

  // The next request, which the walk leaves here a cycle ahead.
  request_t request;
  logic     requesting;
  logic     ready;

  assign walk = walking_q && ready;

  pipeline_register #(
    .Width($bits(request_t))
  ) u_request (
    .clk_i,
    .rst_ni,
    .clear_i,
    .valid_i(walking_q),
    .ready_o(ready),
    .data_i (request_t'{
      address: address_q,
      overflow: overflow,
      response: '{last: load_end, mask: mask, address: BufferWidth'(place_q)}
    }),
    .valid_o(requesting),
    .ready_i(gnt_i),
    .data_o (request)
  );

  assign addr_o = request.address;
  assign mask_o = request.response.mask;
  assign error_o  = '{
    valid: (requesting && request.overflow) || fill_overflow,
    code: ErrorBufferOverflow,
    index: command_i.index
  };
  assign req_now_o   = requesting && !request.overflow && urgent_o;
  assign req_ahead_o = requesting && !request.overflow && !urgent_o;

  ram_fifo #(
    .Width($bits(response_t)),
    .Depth(OutstandingPlaces)
  ) u_responses (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (gnt_i),
    .data_i (request.response),
    .pop_i  (rvalid_i),
    .data_o (response_out),
    .count_o()
  );

  assign write_o         = rvalid_i;
  assign write_mask_o    = response_out.mask;
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
  assign start         = may_start_q && !active_q;
  assign received      = !receiving_q || (rvalid_i && response_out.last);
  assign finish        = active_q ? received && !filling && !fill_overflow : start && !works;
  assign command_pop_o = finish;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q    <= 1'b0;
      walking_q   <= 1'b0;
      receiving_q <= 1'b0;
      loaded_o    <= '0;
    end else if (clear_i) begin
      active_q    <= 1'b0;
      walking_q   <= 1'b0;
      receiving_q <= 1'b0;
      loaded_o    <= '0;
    end else begin
      if (start && works) active_q <= 1'b1;
      else if (finish) active_q <= 1'b0;
      if (start && command_i.load) walking_q <= 1'b1;
      else if (walk && load_end) walking_q <= 1'b0;
      if (start && command_i.load) receiving_q <= 1'b1;
      else if (rvalid_i && response_out.last) receiving_q <= 1'b0;
      if (finish) loaded_o <= loaded_o + 16'd1;
    end
  end

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      (req_now_o || req_ahead_o) && !gnt_i && !clear_i
      |=> (req_now_o || req_ahead_o) && $stable({addr_o, mask_o}))
  else $error("a request changes before its grant");

  response_was_requested :
  assert property (@(posedge clk_i) disable iff (!rst_ni) rvalid_i |-> receiving_q)
  else $error("a word that was not requested");

  command_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni) active_q |-> command_valid_i)
  else $error("the command is gone while it is carried out");
`endif
endmodule
