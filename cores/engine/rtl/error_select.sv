// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Selects the error that stops the chain, of all that occur in the same cycle, and its descriptor.
/// A chain that is stopped from outside (ABORT, LIMIT) reports its oldest descriptor.
///
/// Errors are reported a cycle after they occur. By then the port knows whether the request that it
/// granted in that cycle is outside memory. The address of the descriptor comes another cycle later.
module error_select
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        clear_i,
  // An access outside memory, granted a cycle ago, and whose it is
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
  // Addresses: of the descriptor that is stored, of that with the end of this index if it has not been
  // computed, of the one in error
  input  logic [31:0] store_address_i,
  output logic [1:0]  lookup_index_o,
  input  logic [31:0] lookup_address_i,
  output logic [31:0] address_o
);
  typedef struct packed {
    logic [15:0] fetch;
    logic [15:0] load;
    logic [15:0] weight;
    logic [15:0] store;
  } indices_t;

  logic        oldest_is_stored;
  error_t      stop;
  error_t      inner;  // not the port's
  logic        inner_of_store;
  error_t      inner_q;
  logic        inner_of_store_q;
  indices_t    indices_q;
  logic [1:0][31:0] store_address_q;

  assign oldest_is_stored = store_valid_i
      && !(compute_valid_i && compute_index_i < store_index_i);

  always_comb begin
    stop = '{valid: stop_i != ErrorNone, code: stop_i, index: fetch_index_i};
    if (oldest_is_stored) stop.index = store_index_i;
    else if (compute_valid_i) stop.index = compute_index_i;
  end

  // Any number of descriptors that do not report may have been computed since the one that is stored.
  always_comb begin
    inner_of_store = 1'b0;
    if (fetch_i.valid) begin
      inner = fetch_i;
    end else if (load_i.valid) begin
      inner = load_i;
    end else if (compute_i.valid) begin
      inner = compute_i;
    end else if (store_i.valid) begin
      inner          = store_i;
      inner_of_store = 1'b1;
    end else begin
      inner          = stop;
      inner_of_store = oldest_is_stored;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) inner_q <= '0;
    else if (clear_i) inner_q <= '0;
    else inner_q <= inner;
  end

  always_ff @(posedge clk_i) begin
    inner_of_store_q <= inner_of_store;
    store_address_q  <= {store_address_q[0], store_address_i};
    indices_q        <= '{
      fetch: fetch_index_i,
      load: load_index_i,
      weight: weight_index_i,
      store: store_index_i
    };
  end

  // An access outside memory is the mistake of the descriptor that its client works on.
  error_t port;
  logic   port_of_store;

  always_comb begin
    port          = '{valid: outside_i, code: ErrorBadAddress, index: indices_q.store};
    port_of_store = 1'b0;
    unique case (client_e'(client_i))
      ClientFetch: begin
        port.code  = ErrorBadDescriptor;
        port.index = indices_q.fetch;
      end
      ClientLoadNow, ClientLoadAhead: port.index = indices_q.load;
      ClientWeights:                  port.index = indices_q.weight;
      default:                        port_of_store = 1'b1;
    endcase
  end

  logic of_store_q;

  assign error_o   = port.valid ? port : inner_q;
  assign address_o = of_store_q ? store_address_q[1] : lookup_address_i;

  always_ff @(posedge clk_i) begin
    of_store_q     <= port.valid ? port_of_store : inner_of_store_q;
    lookup_index_o <= error_o.index[1:0];
  end
endmodule
