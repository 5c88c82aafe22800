// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Registers of the engine: starts chains, records how they end, and raises the interrupt.
///
/// `start_o` begins a chain; `stop_o` ends it early (ABORT, LIMIT), like an error that a unit finds.
/// After an error, `halt_o` blocks new memory accesses until the last response has arrived; then
/// `failed_o` resets all units. A chain whose last descriptor has been stored ends when the port has
/// taken its last words.
module engine_control
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter int unsigned ArraySize        = 8,
  parameter int unsigned PortWords        = 4,
  parameter int unsigned BufferWords      = 65536,
  parameter int unsigned AccumulatorDepth = 1024,
  parameter bit          Int8             = 1'b1
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  // Registers (OBI)
  input  logic        obi_req_i,
  output logic        obi_gnt_o,
  input  logic [6:0]  obi_addr_i,
  input  logic        obi_we_i,
  input  logic [3:0]  obi_be_i,
  input  logic [31:0] obi_wdata_i,
  output logic        obi_rvalid_o,
  output logic [31:0] obi_rdata_o,
  output logic        irq_o,
  // The chain
  output logic        start_o,
  output logic [31:0] first_o,
  output logic        busy_o,
  output error_e      stop_o,
  output logic        halt_o,
  output logic        failed_o,
  input  logic        stored_i,
  input  logic        port_idle_i,
  input  counters_t   counters_i,
  // The present error; a cycle later, the address of its descriptor
  input  error_t      error_i,
  input  logic [31:0] error_address_i
);
  engine_regs_pkg::engine__in_t  hwif_in;
  engine_regs_pkg::engine__out_t hwif_out;
  error_e                        error_code_q;
  logic   [15:0]                 error_index_q;
  logic   [31:0]                 error_address_q;
  logic                          doorbell;
  logic                          addressing_q;  // the error's descriptor
  logic                          ending_q;  // all is stored
  logic                          finished;

  engine_regs u_regs (
    .clk         (clk_i),
    .arst_n      (rst_ni),
    .s_obi_req   (obi_req_i),
    .s_obi_gnt   (obi_gnt_o),
    .s_obi_addr  (obi_addr_i),
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
    hwif_in.id.int8.next                = Int8;
    hwif_in.buffer.words.next           = 32'(BufferWords);
    hwif_in.accumulator.depth.next      = 32'(AccumulatorDepth);
    hwif_in.status.busy.next            = busy_o;
    hwif_in.interrupt.done.hwset        = finished;
    hwif_in.interrupt.error.hwset       = failed_o || (doorbell && busy_o);
    hwif_in.error.code.next             = error_code_q;
    hwif_in.error.index.next            = error_index_q;
    hwif_in.error_address.address.next  = error_address_q;
    hwif_in.cycles.count.next           = counters_i.cycles;
    hwif_in.busy.count.next             = counters_i.busy;
    hwif_in.wait_descriptor.count.next  = counters_i.wait_descriptor;
    hwif_in.wait_activations.count.next = counters_i.wait_activations;
    hwif_in.wait_weights.count.next     = counters_i.wait_weights;
    hwif_in.wait_accumulator.count.next = counters_i.wait_accumulator;
    hwif_in.wait_store.count.next       = counters_i.wait_store;
    hwif_in.bus_stalls.count.next       = counters_i.bus_stalls;
    hwif_in.macs.count.next             = counters_i.macs;
  end

  assign first_o  = hwif_out.descriptor.address.value;
  assign start_o  = doorbell && !busy_o;
  assign failed_o = halt_o && port_idle_i;
  assign finished = ending_q && port_idle_i && !halt_o;

  always_comb begin
    stop_o = ErrorNone;
    if (busy_o && !ending_q && !halt_o) begin
      if (hwif_out.abort.stop.value) stop_o = ErrorAborted;
      else if (counters_i.cycles >= hwif_out.limit.cycles.value) stop_o = ErrorTimeLimit;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_o          <= 1'b0;
      halt_o          <= 1'b0;
      ending_q        <= 1'b0;
      addressing_q    <= 1'b0;
      error_code_q    <= ErrorNone;
      error_index_q   <= '0;
      error_address_q <= '0;
    end else if (start_o) begin
      busy_o          <= 1'b1;
      error_code_q    <= ErrorNone;
      error_index_q   <= '0;
      error_address_q <= '0;
    end else begin
      if (finished || failed_o) busy_o <= 1'b0;
      if (finished || failed_o) ending_q <= 1'b0;
      else if (stored_i) ending_q <= 1'b1;
      if (failed_o) halt_o <= 1'b0;
      else if (busy_o && error_i.valid) halt_o <= 1'b1;
      addressing_q <= busy_o && error_i.valid && !halt_o;
      if (addressing_q) error_address_q <= error_address_i;
      if (busy_o && error_i.valid && !halt_o) begin
        error_code_q  <= error_i.code;
        error_index_q <= error_i.index;
      end else if (doorbell && error_code_q == ErrorNone) begin
        error_code_q <= ErrorBusy;
      end
    end
  end
endmodule
