/// The tensor engine: FP32 activations times INT8 weights, run by descriptors in main memory.
///
/// A doorbell starts a chain of descriptors. Each goes through three stages that overlap from one
/// descriptor to the next: its activations are loaded, its slices pass through the array, its outputs
/// are scaled, clamped and stored. The end of the chain, or an error, raises the interrupt.
module engine
  import engine_pkg::*;
#(
    parameter int unsigned ArraySize        = 8,
    parameter int unsigned PortWords        = 4,
    parameter int unsigned BufferWords      = 16384,
    parameter int unsigned AccumulatorDepth = 1024,
    parameter logic [31:0] MemoryBase       = 32'h8000_0000,
    parameter int unsigned MemoryBytes      = 32'h0008_0000
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // Registers (OBI)
    input  logic                       obi_req_i,
    output logic                       obi_gnt_o,
    input  logic [31:0]                obi_addr_i,
    input  logic                       obi_we_i,
    input  logic [ 3:0]                obi_be_i,
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

  localparam int unsigned BufferWidth = $clog2(BufferWords);
  localparam int unsigned EntryWidth  = $clog2(AccumulatorDepth);
  localparam int unsigned LaneWidth   = $clog2(ArraySize + 1);
  // Descriptors that wait in front of each stage. More may wait to be stored than may be computed
  // before that, so that the wait is the sequencer's and is counted as one for the store path.
  localparam int unsigned QueueDepth      = 2;
  localparam int unsigned StoreQueueDepth = 4;

  // Clients of the memory port, highest priority first. Activations that the array waits for come
  // before weights, which throttle themselves by a small FIFO; storing frees the accumulators;
  // activations of the next descriptor are needed last.
  typedef enum logic [2:0] {
    ClientFetch      = 3'd0,
    ClientLoadNow    = 3'd1,
    ClientWeights    = 3'd2,
    ClientParameters = 3'd3,
    ClientWrite      = 3'd4,
    ClientLoadAhead  = 3'd5
  } client_e;
  localparam int unsigned Clients = 6;

  // --- Registers -------------------------------------------------------------------------------

  engine_regs_pkg::engine__in_t  hwif_in;
  engine_regs_pkg::engine__out_t hwif_out;
  counters_t                     counters;
  logic                          busy_q;
  error_e                        error_code_q;
  logic   [15:0]                 error_index_q;
  logic   [31:0]                 error_address_q;
  logic                          doorbell;
  logic                          finished;
  logic                          failed;

  engine_regs u_regs (
      .clk         (clk_i),
      .arst_n      (rst_ni),
      .s_obi_req   (obi_req_i),
      .s_obi_gnt   (obi_gnt_o),
      .s_obi_addr  (obi_addr_i[6:0]),
      .s_obi_we    (obi_we_i),
      .s_obi_be    (obi_be_i),
      .s_obi_wdata (obi_wdata_i),
      .s_obi_aid   (1'b0),
      .s_obi_rvalid(obi_rvalid_o),
      .s_obi_rready(1'b1),
      .s_obi_rdata (obi_rdata_o),
      .s_obi_err   (),
      .s_obi_rid   (),
      .hwif_in,
      .hwif_out
  );

  assign doorbell = hwif_out.doorbell.start.value;
  assign irq_o    = (hwif_out.interrupt.done.value & hwif_out.interrupt_enable.done.value)
      | (hwif_out.interrupt.error.value & hwif_out.interrupt_enable.error.value);

  always_comb begin
    hwif_in.id.array_size.next          = 8'(ArraySize);
    hwif_in.id.port_words.next          = 8'(PortWords);
    hwif_in.id.version.next             = Version;
    hwif_in.buffer.words.next           = 32'(BufferWords);
    hwif_in.accumulator.depth.next      = 32'(AccumulatorDepth);
    hwif_in.status.busy.next            = busy_q;
    hwif_in.interrupt.done.hwset        = finished;
    hwif_in.interrupt.error.hwset       = failed || (doorbell && busy_q);
    hwif_in.error.code.next             = error_code_q;
    hwif_in.error.index.next            = error_index_q;
    hwif_in.error_address.address.next  = error_address_q;
    hwif_in.cycles.count.next           = counters.cycles;
    hwif_in.busy.count.next             = counters.busy;
    hwif_in.wait_descriptor.count.next  = counters.wait_descriptor;
    hwif_in.wait_activations.count.next = counters.wait_activations;
    hwif_in.wait_weights.count.next     = counters.wait_weights;
    hwif_in.wait_accumulator.count.next = counters.wait_accumulator;
    hwif_in.wait_store.count.next       = counters.wait_store;
    hwif_in.bus_stalls.count.next       = counters.bus_stalls;
    hwif_in.macs.count.next             = counters.macs;
  end

  // --- Start, end, error -----------------------------------------------------------------------

  error_t fetch_error;
  error_t load_error;
  error_t compute_error;
  error_t port_error;
  error_t error;
  logic   start;
  logic   halt_q;  // after an error, until memory has answered
  logic   port_idle;
  logic   clear;
  logic   [31:0] lookup_address;

  assign start  = doorbell && !busy_q;
  assign failed = halt_q && port_idle;
  assign clear  = start || failed;

  always_comb begin
    if (port_error.valid) error = port_error;
    else if (fetch_error.valid) error = fetch_error;
    else if (load_error.valid) error = load_error;
    else error = compute_error;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q          <= 1'b0;
      halt_q          <= 1'b0;
      error_code_q    <= ErrorNone;
      error_index_q   <= '0;
      error_address_q <= '0;
    end else if (start) begin
      busy_q          <= 1'b1;
      error_code_q    <= ErrorNone;
      error_index_q   <= '0;
      error_address_q <= '0;
    end else begin
      if (finished || failed) busy_q <= 1'b0;
      if (failed) halt_q <= 1'b0;
      else if (busy_q && error.valid) halt_q <= 1'b1;
      if (busy_q && error.valid && !halt_q) begin
        error_code_q    <= error.code;
        error_index_q   <= error.index;
        error_address_q <= lookup_address;
      end else if (doorbell && error_code_q == ErrorNone) begin
        error_code_q <= ErrorBusy;
      end
    end
  end

  // --- Memory port -----------------------------------------------------------------------------

  logic [Clients-1:0]                client_req;
  logic [Clients-1:0][31:0]          client_addr;
  logic [Clients-1:0][PortWords-1:0] client_mask;
  logic [Clients-1:0]                client_gnt;
  logic [Clients-1:0]                client_rvalid;
  logic [PortWords-1:0][31:0]        write_data;
  logic                              port_stall;
  logic                              port_outside;
  logic [2:0]                        port_client;

  assign client_mask[ClientFetch]      = '1;
  assign client_mask[ClientWeights]    = '1;
  assign client_mask[ClientParameters] = '1;

  port_arbiter #(
      .Clients    (Clients),
      .PortWords  (PortWords),
      .MemoryBase (MemoryBase),
      .MemoryBytes(MemoryBytes)
  ) u_port (
      .clk_i,
      .rst_ni,
      .halt_i         (halt_q),
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

  // --- Descriptors -----------------------------------------------------------------------------

  logic             push;
  logic             push_store;
  logic             queue_full;
  logic             fetching;
  logic [15:0]      fetch_index;
  load_command_t    load_pushed;
  weight_command_t  weight_pushed;
  compute_command_t compute_pushed;
  store_command_t   store_pushed;

  descriptor_fetch #(
      .PortWords(PortWords)
  ) u_fetch (
      .clk_i,
      .rst_ni,
      .clear_i         (failed),
      .start_i         (start),
      .first_i         (hwif_out.descriptor.address.value),
      .req_o           (client_req[ClientFetch]),
      .addr_o          (client_addr[ClientFetch]),
      .gnt_i           (client_gnt[ClientFetch]),
      .rvalid_i        (client_rvalid[ClientFetch]),
      .rdata_i         (port_rdata_i),
      .push_o          (push),
      .push_store_o    (push_store),
      .full_i          (queue_full),
      .fetching_o      (fetching),
      .load_o          (load_pushed),
      .weight_o        (weight_pushed),
      .compute_o       (compute_pushed),
      .store_o         (store_pushed),
      .error_o         (fetch_error),
      .index_o         (fetch_index),
      .lookup_index_i  (error.index[2:0]),
      .lookup_address_o(lookup_address)
  );

  load_command_t    load_command;
  weight_command_t  weight_command;
  compute_command_t compute_command;
  store_command_t   store_command;
  logic [3:0]       full;
  logic [3:0]       empty;
  logic             load_pop;
  logic             weight_pop;
  logic             compute_pop;
  logic             store_pop;

  assign queue_full = |full;

  fifo_v3 #(
      .dtype(load_command_t),
      .DEPTH(QueueDepth)
  ) u_load_queue (
      .clk_i,
      .rst_ni,
      .flush_i   (clear),
      .testmode_i(1'b0),
      .full_o    (full[0]),
      .empty_o   (empty[0]),
      .usage_o   (),
      .data_i    (load_pushed),
      .push_i    (push),
      .data_o    (load_command),
      .pop_i     (load_pop)
  );

  fifo_v3 #(
      .dtype(weight_command_t),
      .DEPTH(QueueDepth)
  ) u_weight_queue (
      .clk_i,
      .rst_ni,
      .flush_i   (clear),
      .testmode_i(1'b0),
      .full_o    (full[1]),
      .empty_o   (empty[1]),
      .usage_o   (),
      .data_i    (weight_pushed),
      .push_i    (push),
      .data_o    (weight_command),
      .pop_i     (weight_pop)
  );

  fifo_v3 #(
      .dtype(compute_command_t),
      .DEPTH(QueueDepth)
  ) u_compute_queue (
      .clk_i,
      .rst_ni,
      .flush_i   (clear),
      .testmode_i(1'b0),
      .full_o    (full[2]),
      .empty_o   (empty[2]),
      .usage_o   (),
      .data_i    (compute_pushed),
      .push_i    (push),
      .data_o    (compute_command),
      .pop_i     (compute_pop)
  );

  fifo_v3 #(
      .dtype(store_command_t),
      .DEPTH(StoreQueueDepth)
  ) u_store_queue (
      .clk_i,
      .rst_ni,
      .flush_i   (clear),
      .testmode_i(1'b0),
      .full_o    (full[3]),
      .empty_o   (empty[3]),
      .usage_o   (),
      .data_i    (store_pushed),
      .push_i    (push_store),
      .data_o    (store_command),
      .pop_i     (store_pop)
  );

  // An access outside memory is the mistake of the descriptor that its client works on.
  always_comb begin
    port_error = '{valid: port_outside, code: ErrorAddress, index: store_command.index};
    unique case (client_e'(port_client))
      ClientFetch: begin
        port_error.code  = ErrorDescriptorAddress;
        port_error.index = fetch_index;
      end
      ClientLoadNow, ClientLoadAhead: port_error.index = load_command.index;
      ClientWeights:                  port_error.index = weight_command.index;
      default:                        port_error.index = store_command.index;
    endcase
  end

  // --- Stage 1: activations and weights --------------------------------------------------------

  logic [15:0]                loaded;
  logic [15:0]                computed;
  logic [15:0]                stored;
  logic                       fenced;
  logic [PortWords-1:0]       buffer_write_mask;
  logic [BufferWidth-1:0]     buffer_write_address;
  logic                       weight_available;
  logic                       weight_claim;
  logic                       weight_take;
  logic [PortWords-1:0][31:0] weight;

  logic                       load_req;
  logic                       load_urgent;
  logic [31:0]                load_addr;
  logic [PortWords-1:0]       load_mask;

  assign client_req[ClientLoadNow]    = load_req && load_urgent;
  assign client_addr[ClientLoadNow]   = load_addr;
  assign client_mask[ClientLoadNow]   = load_mask;
  assign client_req[ClientLoadAhead]  = load_req && !load_urgent;
  assign client_addr[ClientLoadAhead] = load_addr;
  assign client_mask[ClientLoadAhead] = load_mask;

  activation_loader #(
      .PortWords  (PortWords),
      .BufferWords(BufferWords)
  ) u_loader (
      .clk_i,
      .rst_ni,
      .clear_i        (clear),
      .command_valid_i(!empty[0]),
      .command_i      (load_command),
      .command_pop_o  (load_pop),
      .computed_i     (computed),
      .stored_i       (stored),
      .loaded_o       (loaded),
      .fenced_o       (fenced),
      .req_o          (load_req),
      .urgent_o       (load_urgent),
      .addr_o         (load_addr),
      .mask_o         (load_mask),
      .gnt_i          (client_gnt[ClientLoadNow] | client_gnt[ClientLoadAhead]),
      .rvalid_i       (client_rvalid[ClientLoadNow] | client_rvalid[ClientLoadAhead]),
      .write_mask_o   (buffer_write_mask),
      .write_address_o(buffer_write_address),
      .error_o        (load_error)
  );

  weight_streamer #(
      .ArraySize(ArraySize),
      .PortWords(PortWords)
  ) u_weights (
      .clk_i,
      .rst_ni,
      .clear_i        (clear),
      .command_valid_i(!empty[1]),
      .command_i      (weight_command),
      .command_pop_o  (weight_pop),
      .req_o          (client_req[ClientWeights]),
      .addr_o         (client_addr[ClientWeights]),
      .gnt_i          (client_gnt[ClientWeights]),
      .rvalid_i       (client_rvalid[ClientWeights]),
      .rdata_i        (port_rdata_i),
      .available_o    (weight_available),
      .claim_i        (weight_claim),
      .take_i         (weight_take),
      .weight_o       (weight)
  );

  // --- Stage 2: the array ----------------------------------------------------------------------

  logic                   issue;
  logic [BufferWidth-1:0] issue_address;
  logic [LaneWidth-1:0]   issue_lanes;
  logic                   issue_swap;
  logic                   issue_first;
  logic                   issue_tile_done;
  logic [EntryWidth-1:0]  issue_entry;
  logic [LaneWidth-1:0]   issue_columns;
  logic                   wait_descriptor;
  logic                   wait_activations;
  logic                   wait_weights;
  logic                   wait_accumulator;
  logic                   wait_store;

  sequencer #(
      .ArraySize       (ArraySize),
      .PortWords       (PortWords),
      .BufferWords     (BufferWords),
      .AccumulatorDepth(AccumulatorDepth)
  ) u_sequencer (
      .clk_i,
      .rst_ni,
      .clear_i           (clear),
      .command_valid_i   (!empty[2] && !halt_q),
      .command_i         (compute_command),
      .command_pop_o     (compute_pop),
      .fetching_i        (fetching),
      .fenced_i          (fenced),
      .loaded_i          (loaded),
      .stored_i          (stored),
      .computed_o        (computed),
      .weight_available_i(weight_available),
      .weight_claim_o    (weight_claim),
      .issue_o           (issue),
      .issue_address_o   (issue_address),
      .issue_lanes_o     (issue_lanes),
      .issue_swap_o      (issue_swap),
      .issue_first_o     (issue_first),
      .issue_tile_done_o (issue_tile_done),
      .issue_entry_o     (issue_entry),
      .issue_columns_o   (issue_columns),
      .wait_descriptor_o (wait_descriptor),
      .wait_activations_o(wait_activations),
      .wait_weights_o    (wait_weights),
      .wait_accumulator_o(wait_accumulator),
      .wait_store_o      (wait_store),
      .error_o           (compute_error)
  );

  logic [ArraySize-1:0][31:0] activations;

  activation_buffer #(
      .ArraySize  (ArraySize),
      .PortWords  (PortWords),
      .BufferWords(BufferWords)
  ) u_buffer (
      .clk_i,
      .write_mask_i   (buffer_write_mask),
      .write_address_i(buffer_write_address),
      .write_data_i   (port_rdata_i),
      .read_i         (issue),
      .read_address_i (issue_address),
      .read_data_o    (activations)
  );

  // What goes with the slice through buffer, array and adder.
  typedef struct packed {
    logic                  first;
    logic                  tile_done;
    logic [EntryWidth-1:0] entry;
  } tag_t;

  typedef struct packed {
    logic                 valid;
    logic                 swap;
    logic                 weight_load;
    logic [LaneWidth-1:0] lanes;
    tag_t                 tag;
  } slice_t;

  localparam int unsigned BufferLatency = 2;

  slice_t [BufferLatency-1:0] slice_q;
  slice_t                     slice;
  logic [ArraySize-1:0]       lane_valid;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) slice_q <= '0;
    else if (clear) slice_q <= '0;
    else begin
      slice_q <= {
        slice_q[BufferLatency-2:0],
        issue,
        issue_swap,
        weight_claim,
        issue_lanes,
        issue_first,
        issue_tile_done,
        issue_entry
      };
    end
  end

  assign slice = slice_q[BufferLatency-1];
  always_comb begin
    for (int unsigned i = 0; i < ArraySize; i++) lane_valid[i] = LaneWidth'(i) < slice.lanes;
  end

  logic                       product_valid;
  tag_t                       product_tag;
  logic [ArraySize-1:0][31:0] product;

  slice_product #(
      .ArraySize(ArraySize),
      .BeatBytes(4 * PortWords),
      .TagWidth ($bits(tag_t))
  ) u_products (
      .clk_i,
      .rst_ni,
      .clear_i      (clear),
      .valid_i      (slice.valid),
      .swap_i       (slice.swap),
      .tag_i        (slice.tag),
      .lane_valid_i (lane_valid),
      .activation_i (activations),
      .weight_load_i(slice.weight_load),
      .weight_take_o(weight_take),
      .weight_i     (weight),
      .valid_o      (product_valid),
      .tag_o        (product_tag),
      .product_o    (product)
  );

  logic                       tile_done;
  logic                       sum_read;
  logic [EntryWidth-1:0]      sum_entry;
  logic                       sum_ready;
  logic [ArraySize-1:0][31:0] sum;

  accumulators #(
      .ArraySize(ArraySize),
      .Depth    (AccumulatorDepth)
  ) u_accumulators (
      .clk_i,
      .rst_ni,
      .clear_i     (clear),
      .valid_i     (product_valid),
      .first_i     (product_tag.first),
      .tile_done_i (product_tag.tile_done),
      .entry_i     (product_tag.entry),
      .product_i   (product),
      .tile_done_o (tile_done),
      .read_i      (sum_read),
      .read_entry_i(sum_entry),
      .read_ready_o(sum_ready),
      .read_data_o (sum)
  );

  // --- Stage 3: the store path -----------------------------------------------------------------

  store_path #(
      .ArraySize       (ArraySize),
      .PortWords       (PortWords),
      .AccumulatorDepth(AccumulatorDepth)
  ) u_store (
      .clk_i,
      .rst_ni,
      .clear_i           (clear),
      .command_valid_i   (!empty[3]),
      .command_i         (store_command),
      .command_pop_o     (store_pop),
      .stored_o          (stored),
      .tile_done_i       (tile_done),
      .read_o            (sum_read),
      .read_entry_o      (sum_entry),
      .read_ready_i      (sum_ready),
      .read_data_i       (sum),
      .parameter_req_o   (client_req[ClientParameters]),
      .parameter_addr_o  (client_addr[ClientParameters]),
      .parameter_gnt_i   (client_gnt[ClientParameters]),
      .parameter_rvalid_i(client_rvalid[ClientParameters]),
      .parameter_rdata_i (port_rdata_i),
      .write_req_o       (client_req[ClientWrite]),
      .write_addr_o      (client_addr[ClientWrite]),
      .write_mask_o      (client_mask[ClientWrite]),
      .write_data_o      (write_data),
      .write_gnt_i       (client_gnt[ClientWrite]),
      .counters_i        (counters)
  );

  assign finished = store_pop && store_command.last && !halt_q;

  engine_counters #(
      .ArraySize(ArraySize)
  ) u_counters (
      .clk_i,
      .rst_ni,
      .clear_i           (start),
      .count_i           (busy_q),
      .issue_i           (issue),
      .issue_lanes_i     (issue_lanes),
      .issue_columns_i   (issue_columns),
      .wait_descriptor_i (wait_descriptor),
      .wait_activations_i(wait_activations),
      .wait_weights_i    (wait_weights),
      .wait_accumulator_i(wait_accumulator),
      .wait_store_i      (wait_store),
      .stall_i           (port_stall),
      .counters_o        (counters)
  );

endmodule
