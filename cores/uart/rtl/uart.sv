// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Serial line with a FIFO in each direction and an OBI port.
module uart #(
  /// Clock cycles per bit after reset.
  parameter int unsigned Divider   = 50,
  /// Characters buffered in each direction.
  parameter int unsigned FifoDepth = 16
) (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        obi_req_i,
  output logic        obi_gnt_o,
  input  logic [31:0] obi_addr_i,
  input  logic        obi_we_i,
  input  logic [ 3:0] obi_be_i,
  input  logic [31:0] obi_wdata_i,
  output logic        obi_rvalid_o,
  output logic [31:0] obi_rdata_o,

  output logic        irq_o,

  input  logic        rx_i,
  output logic        tx_o
);
  import uart_regs_pkg::*;

  uart__in_t hwif_in;
  uart__out_t hwif_out;

  uart_regs u_regs (
    .clk         (clk_i),
    .arst_n      (rst_ni),
    .s_obi_req   (obi_req_i),
    .s_obi_gnt   (obi_gnt_o),
    .s_obi_addr  (obi_addr_i[UART_REGS_MIN_ADDR_WIDTH-1:0]),
    .s_obi_we    (obi_we_i),
    .s_obi_be    (obi_be_i),
    .s_obi_wdata (obi_wdata_i),
    .s_obi_aid   ('0),
    .s_obi_rvalid(obi_rvalid_o),
    .s_obi_rready(1'b1),
    .s_obi_rdata (obi_rdata_o),
    .s_obi_err   (),
    .s_obi_rid   (),
    .hwif_in,
    .hwif_out
  );

  logic [15:0] divider;
  assign divider = (hwif_out.DIVIDER.value.value == '0) ? 16'(Divider)
                                                        : hwif_out.DIVIDER.value.value;

  // Sending.
  logic tx_push, tx_full, tx_empty, tx_ready, tx_busy, tx_idle;
  logic [7:0] tx_data;

  assign tx_push = hwif_out.DATA.req & hwif_out.DATA.req_is_wr & hwif_out.DATA.wr_biten[0] &
                   ~tx_full;
  assign tx_idle = tx_empty & ~tx_busy;

  fifo_v3 #(
    .DATA_WIDTH(8),
    .DEPTH     (FifoDepth)
  ) u_tx_fifo (
    .clk_i,
    .rst_ni,
    .flush_i   (1'b0),
    .testmode_i(1'b0),
    .full_o    (tx_full),
    .empty_o   (tx_empty),
    .usage_o   (),
    .data_i    (hwif_out.DATA.wr_data[7:0]),
    .push_i    (tx_push),
    .data_o    (tx_data),
    .pop_i     (tx_ready & ~tx_empty)
  );

  uart_tx u_tx (
    .clk_i,
    .rst_ni,
    .divider_i(divider),
    .valid_i  (~tx_empty),
    .data_i   (tx_data),
    .ready_o  (tx_ready),
    .busy_o   (tx_busy),
    .tx_o
  );

  // Receiving.
  logic rx_read, rx_valid, rx_full, rx_empty, frame_error;
  logic [7:0] rx_data, rx_head;

  assign rx_read = hwif_out.DATA.req & ~hwif_out.DATA.req_is_wr;

  uart_rx u_rx (
    .clk_i,
    .rst_ni,
    .divider_i    (divider),
    .rx_i,
    .valid_o      (rx_valid),
    .data_o       (rx_data),
    .frame_error_o(frame_error)
  );

  fifo_v3 #(
    .DATA_WIDTH(8),
    .DEPTH     (FifoDepth)
  ) u_rx_fifo (
    .clk_i,
    .rst_ni,
    .flush_i   (1'b0),
    .testmode_i(1'b0),
    .full_o    (rx_full),
    .empty_o   (rx_empty),
    .usage_o   (),
    .data_i    (rx_data),
    .push_i    (rx_valid & ~rx_full),
    .data_o    (rx_head),
    .pop_i     (rx_read & ~rx_empty)
  );

  always_comb begin
    hwif_in.DATA.rd_ack                     = rx_read;
    hwif_in.DATA.wr_ack                     = hwif_out.DATA.req & hwif_out.DATA.req_is_wr;
    hwif_in.DATA.rd_data                    = '0;
    hwif_in.DATA.rd_data.character          = rx_empty ? '0 : rx_head;
    hwif_in.DATA.rd_data.valid              = ~rx_empty;
    hwif_in.STATUS.tx_full.next             = tx_full;
    hwif_in.STATUS.tx_idle.next             = tx_idle;
    hwif_in.STATUS.rx_valid.next            = ~rx_empty;
    hwif_in.STATUS.rx_overrun.hwset         = rx_valid & rx_full;
    hwif_in.STATUS.rx_frame_error.hwset     = frame_error;
  end

  assign irq_o = (hwif_out.INTERRUPT_ENABLE.rx_valid.value & ~rx_empty) |
                 (hwif_out.INTERRUPT_ENABLE.tx_idle.value & tx_idle);
endmodule
