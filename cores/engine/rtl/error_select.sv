// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The one error that stops the chain, of those that the engine meets in a cycle, and whose it is.
module error_select
  import engine_pkg::*;
(
  // An access outside memory, and whose it was
  input  logic        outside_i,
  input  logic [2:0]  client_i,
  // Descriptors in work
  input  logic [15:0] fetch_index_i,
  input  logic [15:0] load_index_i,
  input  logic [15:0] weight_index_i,
  input  logic [15:0] store_index_i,
  // What the stages found
  input  error_t      fetch_i,
  input  error_t      load_i,
  input  error_t      compute_i,
  input  error_t      store_i,
  output error_t      error_o,
  // Addresses: of the descriptor that is stored, of that with the error's index if it has not been
  // computed, of the one in error
  input  logic [31:0] store_address_i,
  input  logic [31:0] lookup_address_i,
  output logic [31:0] address_o
);
  error_t port;
  logic   of_store;

  // An access outside memory is the mistake of the descriptor that its client works on.
  always_comb begin
    port = '{valid: outside_i, code: ErrorAddress, index: store_index_i};
    unique case (client_e'(client_i))
      ClientFetch: begin
        port.code  = ErrorDescriptorAddress;
        port.index = fetch_index_i;
      end
      ClientLoadNow, ClientLoadAhead: port.index = load_index_i;
      ClientWeights:                  port.index = weight_index_i;
      default:                        port.index = store_index_i;
    endcase
  end

  always_comb begin
    if (port.valid) error_o = port;
    else if (fetch_i.valid) error_o = fetch_i;
    else if (load_i.valid) error_o = load_i;
    else if (compute_i.valid) error_o = compute_i;
    else error_o = store_i;
  end

  // Any number of descriptors that do not report may have been computed since the one that is stored.
  assign of_store  = port.valid
      ? client_e'(client_i) inside {ClientParameters, ClientResidual, ClientWrite}
      : !(fetch_i.valid || load_i.valid || compute_i.valid);
  assign address_o = of_store ? store_address_i : lookup_address_i;
endmodule
