// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// What comes before the stages: reads the chain of descriptors ahead and holds the commands that wait
/// in front of each stage.
module descriptor_stage
  import engine_pkg::*;
#(
  parameter int unsigned ArraySize   = 8,
  parameter int unsigned PortWords   = 4,
  parameter int unsigned BufferWords = 65536,
  parameter bit          Int8        = 1'b1
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  // The chain: a new one, and the end of one that failed
  input  logic                       start_i,
  input  logic                       failed_i,
  input  logic [31:0]                first_i,
  // Memory
  output logic                       req_o,
  output logic [31:0]                addr_o,
  input  logic                       gnt_i,
  input  logic                       rvalid_i,
  input  logic [PortWords-1:0][31:0] rdata_i,
  // Stages
  output logic                       fetching_o,
  output stages_t                    valid_o,
  output commands_t                  commands_o,
  input  stages_t                    pop_i,
  // Errors: the descriptor that is read, and the address of any that has not been computed
  output error_t                     error_o,
  output logic [15:0]                index_o,
  input  logic [1:0]                 lookup_index_i,
  output logic [31:0]                lookup_address_o
);
  stages_t   push;
  commands_t pushed;
  logic      full;

  descriptor_fetch #(
    .ArraySize  (ArraySize),
    .PortWords  (PortWords),
    .BufferWords(BufferWords),
    .Int8       (Int8)
  ) u_fetch (
    .clk_i,
    .rst_ni,
    .clear_i   (failed_i),
    .start_i,
    .first_i,
    .req_o,
    .addr_o,
    .gnt_i,
    .rvalid_i,
    .rdata_i,
    .push_o    (push),
    .full_i    (full),
    .fetching_o,
    .commands_o(pushed),
    .error_o,
    .index_o,
    .lookup_index_i,
    .lookup_address_o
  );

  command_queues u_queues (
    .clk_i,
    .rst_ni,
    .clear_i   (start_i || failed_i),
    .push_i    (push),
    .commands_i(pushed),
    .full_o    (full),
    .valid_o,
    .commands_o,
    .pop_i
  );
endmodule
