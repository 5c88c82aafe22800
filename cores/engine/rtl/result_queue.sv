// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Results on their way out: to memory, to the activation buffer, or to both. Those to memory have no
/// more than PortWords words.
///
/// The places of results are pushed when they are begun, their values when they are there. A result leaves
/// when every destination has taken it, which each may do in a cycle of its own.
module result_queue #(
  parameter  int unsigned PortWords   = 4,
  parameter  int unsigned StoreWords  = 4,
  parameter  int unsigned BufferWidth = 16,
  parameter  int unsigned Depth       = 32,
  localparam int unsigned CountWidth  = $clog2(Depth) + 1
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  logic                        clear_i,
  input  logic                        to_memory_i,
  input  logic                        to_buffer_i,
  // In
  input  logic                        begin_i,
  input  logic [31:0]                 memory_addr_i,
  input  logic [BufferWidth-1:0]      buffer_addr_i,
  input  logic [StoreWords-1:0]       mask_i,
  input  logic                        value_valid_i,
  input  logic [StoreWords-1:0][31:0] value_i,
  // Results that were begun and have not left
  output logic [CountWidth-1:0]       pending_o,
  // Out
  output logic                        memory_req_o,
  input  logic                        memory_gnt_i,  // may be another's when nothing is requested
  output logic [31:0]                 memory_addr_o,
  output logic                        buffer_req_o,
  input  logic                        buffer_gnt_i,
  output logic [BufferWidth-1:0]      buffer_addr_o,
  output logic [StoreWords-1:0]       mask_o,
  output logic [StoreWords-1:0][31:0] value_o
);
  logic [CountWidth-1:0] values;
  logic                  memory_taken_q;
  logic                  buffer_taken_q;
  logic                  memory_done;
  logic                  buffer_done;
  logic                  leave;

  assign memory_req_o = values != '0 && to_memory_i && !memory_taken_q;
  assign buffer_req_o = values != '0 && to_buffer_i && !buffer_taken_q;
  assign memory_done  = !to_memory_i || memory_taken_q || memory_gnt_i;
  assign buffer_done  = !to_buffer_i || buffer_taken_q || buffer_gnt_i;
  assign leave        = values != '0 && memory_done && buffer_done;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      memory_taken_q <= 1'b0;
      buffer_taken_q <= 1'b0;
    end else if (clear_i || leave) begin
      memory_taken_q <= 1'b0;
      buffer_taken_q <= 1'b0;
    end else begin
      if (memory_req_o && memory_gnt_i) memory_taken_q <= 1'b1;
      if (buffer_req_o && buffer_gnt_i) buffer_taken_q <= 1'b1;
    end
  end

  ram_fifo #(
    .Width(32 + BufferWidth + StoreWords),
    .Depth(Depth)
  ) u_places (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (begin_i),
    .data_i ({memory_addr_i, buffer_addr_i, mask_i}),
    .pop_i  (leave),
    .data_o ({memory_addr_o, buffer_addr_o, mask_o}),
    .count_o(pending_o)
  );

  ram_fifo #(
    .Width(32 * StoreWords),
    .Depth(Depth)
  ) u_values (
    .clk_i,
    .rst_ni,
    .clear_i,
    .push_i (value_valid_i),
    .data_i (value_i),
    .pop_i  (leave),
    .data_o (value_o),
    .count_o(values)
  );

`ifndef SYNTHESIS
  value_has_a_place :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      value_valid_i && !clear_i |-> values < pending_o)
  else $error("a value without a place");

  memory_takes_few_words :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      memory_req_o |-> mask_o >> PortWords == '0)
  else $error("a write of more words than the port has");

  memory_request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      memory_req_o && !memory_gnt_i && !clear_i
      |=> memory_req_o && $stable({memory_addr_o, mask_o, value_o}))
  else $error("a write changes before its grant");

  buffer_request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      buffer_req_o && !buffer_gnt_i && !clear_i
      |=> buffer_req_o && $stable({buffer_addr_o, mask_o, value_o}))
  else $error("a write changes before its grant");
`endif
endmodule
