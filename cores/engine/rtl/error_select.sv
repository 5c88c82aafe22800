// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Selects the error that stops the chain, of all that occur in the same cycle, and its descriptor.
/// A chain that is stopped from outside (ABORT, LIMIT) reports its oldest descriptor.
module error_select
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
(
  // An access outside memory, and whose it was
  input  logic        outside_i,
  input  logic [2:0]  client_i,
  // Why the chain is stopped from outside, if it is
  input  error_e      stop_i,
  // Descriptors in progress
  input  logic        compute_valid_i,
  input  logic        store_valid_i,
  input  logic [15:0] fetch_index_i,
  input  logic [15:0] load_index_i,
  input  logic [15:0] weight_index_i,
  input  logic [15:0] compute_index_i,
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
  error_t port, stop;
  logic   of_store, found, oldest_is_stored;

  // An access outside memory is the mistake of the descriptor that its client works on.
  always_comb begin
    port = '{valid: outside_i, code: ErrorBadAddress, index: store_index_i};
    unique case (client_e'(client_i))
      ClientFetch: begin
        port.code  = ErrorBadDescriptor;
        port.index = fetch_index_i;
      end
      ClientLoadNow, ClientLoadAhead: port.index = load_index_i;
      ClientWeights:                  port.index = weight_index_i;
      default:                        port.index = store_index_i;
    endcase
  end

  assign oldest_is_stored = store_valid_i
      && !(compute_valid_i && compute_index_i < store_index_i);

  always_comb begin
    stop = '{valid: stop_i != ErrorNone, code: stop_i, index: fetch_index_i};
    if (oldest_is_stored) stop.index = store_index_i;
    else if (compute_valid_i) stop.index = compute_index_i;
  end

  always_comb begin
    if (port.valid) error_o = port;
    else if (fetch_i.valid) error_o = fetch_i;
    else if (load_i.valid) error_o = load_i;
    else if (compute_i.valid) error_o = compute_i;
    else if (store_i.valid) error_o = store_i;
    else error_o = stop;
  end

  assign found = fetch_i.valid || load_i.valid || compute_i.valid;

  // Any number of descriptors that do not report may have been computed since the one that is stored.
  assign of_store  = port.valid
      ? client_e'(client_i) inside {ClientParameters, ClientResidual, ClientWrite}
      : !found && (store_i.valid || oldest_is_stored);
  assign address_o = of_store ? store_address_i : lookup_address_i;
endmodule
