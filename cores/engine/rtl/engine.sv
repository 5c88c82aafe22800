// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The tensor engine: FP32 or INT8 activations times INT8 or INT4 weights, run by descriptors in
/// main memory.
///
/// A doorbell starts a chain of descriptors. Each goes through three stages that overlap from one
/// descriptor to the next: its activations are loaded, its slices pass through the array, its
/// outputs are scaled, clamped and stored. The end of the chain, or an error, raises the interrupt.
module engine
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter int unsigned ArraySize        = 8,
  parameter int unsigned PortWords        = 4,
  parameter int unsigned BufferWords      = 65536,
  parameter int unsigned AccumulatorDepth = 1024,
  parameter bit          Int8             = 1'b1,
  parameter logic [31:0] MemoryBase       = 32'h8000_0000,
  parameter int unsigned MemoryBytes      = 32'h0010_0000
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  // Registers (OBI)
  input  logic                       obi_req_i,
  output logic                       obi_gnt_o,
  input  logic [31:0]                obi_addr_i,
  input  logic                       obi_we_i,
  input  logic [3:0]                 obi_be_i,
  input  logic [31:0]                obi_wdata_i,
  output logic                       obi_rvalid_o,
  output logic [31:0]                obi_rdata_o,
  // Memory: word i of an access is at port_addr_o + 4 * i
  output logic                       port_req_o,
  input  logic                       port_gnt_i,
  output logic [31:0]                port_addr_o,
  output logic                       port_we_o,
  output logic [PortWords-1:0]       port_mask_o,
  output logic [PortWords-1:0][31:0] port_wdata_o,
  input  logic                       port_rvalid_i,
  input  logic [PortWords-1:0][31:0] port_rdata_i,
  output logic                       irq_o
);
  localparam int unsigned StoreWords  = store_words(ArraySize, PortWords);
  localparam int unsigned BufferWidth = $clog2(BufferWords);
  localparam int unsigned EntryWidth  = $clog2(AccumulatorDepth);
  localparam int unsigned LaneWidth   = $clog2(ArraySize + 1);

  // Start, end, errors.
  logic start, busy, failed, stored_all, clear;
  logic halt;  // after an error, until memory has answered
  logic port_idle, port_outside;
  logic [2:0]  port_client;
  logic [15:0] fetch_index;
  logic [1:0]  lookup_index;
  logic [31:0] first, error_address, lookup_address;
  error_e      stop;  // ABORT, LIMIT
  error_t      error, fetch_error, load_error, compute_error, store_error;
  counters_t   counters;
  stages_t     valid, pop;
  commands_t   command;

  assign clear    = start || failed;
  assign stored_all = pop.store && command.store.last;

  engine_control #(
    .ArraySize       (ArraySize),
    .PortWords       (PortWords),
    .BufferWords     (BufferWords),
    .AccumulatorDepth(AccumulatorDepth),
    .Int8            (Int8)
  ) u_control (
    .clk_i,
    .rst_ni,
    .obi_req_i,
    .obi_gnt_o,
    .obi_addr_i     (obi_addr_i[6:0]),
    .obi_we_i,
    .obi_be_i,
    .obi_wdata_i,
    .obi_rvalid_o,
    .obi_rdata_o,
    .irq_o,
    .start_o        (start),
    .first_o        (first),
    .busy_o         (busy),
    .stop_o         (stop),
    .halt_o         (halt),
    .failed_o       (failed),
    .stored_i       (stored_all),
    .port_idle_i    (port_idle),
    .counters_i     (counters),
    .error_i        (error),
    .error_address_i(error_address)
  );

  error_select u_errors (
    .clk_i,
    .rst_ni,
    .clear_i         (clear),
    .outside_i       (port_outside),
    .client_i        (port_client),
    .stop_i          (stop),
    .compute_valid_i (valid.compute),
    .store_valid_i   (valid.store),
    .fetch_index_i   (fetch_index),
    .load_index_i    (command.load.index),
    .weight_index_i  (command.weight.index),
    .compute_index_i (command.compute.index),
    .store_index_i   (command.store.index),
    .fetch_i         (fetch_error),
    .load_i          (load_error),
    .compute_i       (compute_error),
    .store_i         (store_error),
    .error_o         (error),
    .store_address_i (command.store.address),
    .lookup_index_o  (lookup_index),
    .lookup_address_i(lookup_address),
    .address_o       (error_address)
  );

  // Memory port.
  logic [Clients-1:0]                client_req;
  logic [Clients-1:0][31:0]          client_addr;
  logic [Clients-1:0][PortWords-1:0] client_mask;
  logic [Clients-1:0]                client_gnt;
  logic [Clients-1:0]                client_rvalid;
  logic [PortWords-1:0][31:0]        write_data;
  logic                              port_stall;

  assign client_mask[ClientFetch] = '1;

  port_arbiter #(
    .Clients    (Clients),
    .PortWords  (PortWords),
    .MemoryBase (MemoryBase),
    .MemoryBytes(MemoryBytes)
  ) u_port (
    .clk_i,
    .rst_ni,
    .halt_i         (halt),
    .idle_o         (port_idle),
    .stall_o        (port_stall),
    .error_o        (port_outside),
    .error_client_o (port_client),
    .client_req_i   (client_req),
    .client_addr_i  (client_addr),
    .client_we_i    (Clients'(1) << ClientWrite),
    .client_mask_i  (client_mask),
    .client_wdata_i (write_data),
    .client_gnt_o   (client_gnt),
    .client_rvalid_o(client_rvalid),
    .port_req_o,
    .port_gnt_i,
    .port_addr_o,
    .port_we_o,
    .port_mask_o,
    .port_wdata_o,
    .port_rvalid_i
  );

  // Descriptors.
  logic fetching;

  descriptor_stage #(
    .ArraySize  (ArraySize),
    .PortWords  (PortWords),
    .BufferWords(BufferWords),
    .Int8       (Int8)
  ) u_descriptors (
    .clk_i,
    .rst_ni,
    .start_i         (start),
    .failed_i        (failed),
    .first_i         (first),
    .req_o           (client_req[ClientFetch]),
    .addr_o          (client_addr[ClientFetch]),
    .gnt_i           (client_gnt[ClientFetch]),
    .rvalid_i        (client_rvalid[ClientFetch]),
    .rdata_i         (port_rdata_i),
    .fetching_o      (fetching),
    .valid_o         (valid),
    .commands_o      (command),
    .pop_i           (pop),
    .error_o         (fetch_error),
    .index_o         (fetch_index),
    .lookup_index_i  (lookup_index),
    .lookup_address_o(lookup_address)
  );

  // Stage 1: activations and weights.
  logic [15:0]                       loaded;
  logic [15:0]                       computed;
  logic [15:0]                       stored;
  logic                              fenced;
  logic                              load_write;
  logic [PortWords-1:0]              loaded_mask;
  logic [BufferWidth-1:0]            loaded_addr;
  logic                              fill_req;
  logic [BufferWidth-1:0]            fill_addr;
  logic [StoreWords-1:0]             fill_mask;
  logic [31:0]                       fill_value;
  logic                              fill_gnt;
  logic                              result_req;
  logic [BufferWidth-1:0]            result_addr;
  logic [StoreWords-1:0]             result_mask;
  logic [StoreWords-1:0][31:0]       result_data;
  logic                              result_gnt;
  logic [StoreWords-1:0]             buffer_mask;
  logic [BufferWidth-1:0]            buffer_addr;
  logic [StoreWords-1:0][31:0]       buffer_data;
  logic                              weight_available;
  logic                              weight_last;
  logic                              weight_claim;
  logic                              weight_take;
  logic [PortWords-1:0][31:0]        weight;

  logic                       load_urgent;
  logic [31:0]                load_addr;
  logic [PortWords-1:0]       load_mask;

  assign client_addr[ClientLoadNow]   = load_addr;
  assign client_mask[ClientLoadNow]   = load_mask;
  assign client_addr[ClientLoadAhead] = load_addr;
  assign client_mask[ClientLoadAhead] = load_mask;

  activation_loader #(
    .PortWords  (PortWords),
    .StoreWords (StoreWords),
    .BufferWords(BufferWords)
  ) u_loader (
    .clk_i,
    .rst_ni,
    .clear_i        (clear),
    .command_valid_i(valid.load),
    .command_i      (command.load),
    .command_pop_o  (pop.load),
    .computed_i     (computed),
    .stored_i       (stored),
    .loaded_o       (loaded),
    .fenced_o       (fenced),
    .req_now_o      (client_req[ClientLoadNow]),
    .req_ahead_o    (client_req[ClientLoadAhead]),
    .urgent_o       (load_urgent),
    .addr_o         (load_addr),
    .mask_o         (load_mask),
    .gnt_i          (client_gnt[ClientLoadNow] | client_gnt[ClientLoadAhead]),
    .rvalid_i       (client_rvalid[ClientLoadNow] | client_rvalid[ClientLoadAhead]),
    .write_o        (load_write),
    .write_mask_o   (loaded_mask),
    .write_address_o(loaded_addr),
    .fill_req_o     (fill_req),
    .fill_addr_o    (fill_addr),
    .fill_mask_o    (fill_mask),
    .fill_value_o   (fill_value),
    .fill_gnt_i     (fill_gnt),
    .error_o        (load_error)
  );

  buffer_write_port #(
    .PortWords  (PortWords),
    .StoreWords (StoreWords),
    .BufferWords(BufferWords)
  ) u_buffer_port (
    .clk_i,
    .rst_ni,
    .load_i       (load_write),
    .load_mask_i  (loaded_mask),
    .load_addr_i  (loaded_addr),
    .load_data_i  (port_rdata_i),
    .store_req_i  (result_req),
    .store_addr_i (result_addr),
    .store_mask_i (result_mask),
    .store_data_i (result_data),
    .store_gnt_o  (result_gnt),
    .fill_req_i   (fill_req),
    .fill_urgent_i(load_urgent),
    .fill_addr_i  (fill_addr),
    .fill_mask_i  (fill_mask),
    .fill_value_i (fill_value),
    .fill_gnt_o   (fill_gnt),
    .write_mask_o (buffer_mask),
    .write_addr_o (buffer_addr),
    .write_data_o (buffer_data)
  );

  logic parameters_urgent;  // results wait for them

  weight_streamer #(
    .ArraySize(ArraySize),
    .PortWords(PortWords),
    .Int8     (Int8)
  ) u_weights (
    .clk_i,
    .rst_ni,
    .clear_i        (clear),
    .command_valid_i(valid.weight),
    .command_i      (command.weight),
    .command_pop_o  (pop.weight),
    .yield_i        (parameters_urgent),
    .req_o          (client_req[ClientWeights]),
    .addr_o         (client_addr[ClientWeights]),
    .mask_o         (client_mask[ClientWeights]),
    .gnt_i          (client_gnt[ClientWeights]),
    .rvalid_i       (client_rvalid[ClientWeights]),
    .rdata_i        (port_rdata_i),
    .available_o    (weight_available),
    .last_o         (weight_last),
    .claim_i        (weight_claim),
    .take_i         (weight_take),
    .weight_o       (weight)
  );

  // Stage 2: the array.
  logic                       tile_done;
  logic                       sum_read;
  logic                       sum_second;
  logic [EntryWidth-1:0]      sum_entry;
  logic                       sum_ready;
  logic [ArraySize-1:0][31:0] sum;
  logic                       issue;
  logic [LaneWidth-1:0]       issue_lanes;
  logic [LaneWidth-1:0]       issue_columns;
  logic                       issue_pairs;
  waits_t                     waits;

  compute_stage #(
    .ArraySize       (ArraySize),
    .PortWords       (PortWords),
    .BufferWords     (BufferWords),
    .AccumulatorDepth(AccumulatorDepth),
    .Int8            (Int8)
  ) u_compute (
    .clk_i,
    .rst_ni,
    .clear_i           (clear),
    .command_valid_i   (valid.compute && !halt),
    .command_i         (command.compute),
    .command_pop_o     (pop.compute),
    .fetching_i        (fetching),
    .fenced_i          (fenced),
    .loaded_i          (loaded),
    .stored_i          (stored),
    .computed_o        (computed),
    .write_mask_i      (buffer_mask),
    .write_address_i   (buffer_addr),
    .write_data_i      (buffer_data),
    .weight_available_i(weight_available),
    .weight_last_i     (weight_last),
    .weight_claim_o    (weight_claim),
    .weight_take_o     (weight_take),
    .weight_i          (weight),
    .tile_done_o       (tile_done),
    .sum_read_i        (sum_read),
    .sum_second_i      (sum_second),
    .sum_entry_i       (sum_entry),
    .sum_ready_o       (sum_ready),
    .sum_o             (sum),
    .issue_o           (issue),
    .issue_lanes_o     (issue_lanes),
    .issue_columns_o   (issue_columns),
    .issue_pairs_o     (issue_pairs),
    .waits_o           (waits),
    .error_o           (compute_error)
  );

  // Stage 3: the store path.
  store_path #(
    .ArraySize       (ArraySize),
    .PortWords       (PortWords),
    .BufferWords     (BufferWords),
    .AccumulatorDepth(AccumulatorDepth),
    .Int8            (Int8)
  ) u_store (
    .clk_i,
    .rst_ni,
    .clear_i           (clear),
    .command_valid_i   (valid.store),
    .command_i         (command.store),
    .command_pop_o     (pop.store),
    .stored_o          (stored),
    .tile_done_i       (tile_done),
    .read_o            (sum_read),
    .read_second_o     (sum_second),
    .read_entry_o      (sum_entry),
    .read_ready_i      (sum_ready),
    .read_data_i       (sum),
    .parameter_req_o   (client_req[ClientParameters]),
    .parameter_urgent_o(parameters_urgent),
    .parameter_addr_o  (client_addr[ClientParameters]),
    .parameter_mask_o  (client_mask[ClientParameters]),
    .parameter_gnt_i   (client_gnt[ClientParameters]),
    .parameter_rvalid_i(client_rvalid[ClientParameters]),
    .parameter_rdata_i (port_rdata_i),
    .residual_req_o    (client_req[ClientResidual]),
    .residual_addr_o   (client_addr[ClientResidual]),
    .residual_mask_o   (client_mask[ClientResidual]),
    .residual_gnt_i    (client_gnt[ClientResidual]),
    .residual_rvalid_i (client_rvalid[ClientResidual]),
    .residual_rdata_i  (port_rdata_i),
    .buffer_req_o      (result_req),
    .buffer_addr_o     (result_addr),
    .buffer_mask_o     (result_mask),
    .buffer_data_o     (result_data),
    .buffer_gnt_i      (result_gnt),
    .write_req_o       (client_req[ClientWrite]),
    .write_addr_o      (client_addr[ClientWrite]),
    .write_mask_o      (client_mask[ClientWrite]),
    .write_data_o      (write_data),
    .write_gnt_i       (client_gnt[ClientWrite]),
    .counters_i        (counters),
    .error_o           (store_error)
  );

  // Accounts.

  engine_counters #(
    .ArraySize(ArraySize)
  ) u_counters (
    .clk_i,
    .rst_ni,
    .clear_i           (start),
    .count_i           (busy),
    .issue_i           (issue),
    .issue_lanes_i     (issue_lanes),
    .issue_columns_i   (issue_columns),
    .issue_pairs_i     (issue_pairs),
    .waits_i           (waits),
    .stall_i           (port_stall),
    .counters_o        (counters)
  );
endmodule
