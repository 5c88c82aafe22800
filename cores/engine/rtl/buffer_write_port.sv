// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The activation buffer's write port, shared by loaded activations, stored results and padding.
///
/// What memory answers cannot wait and goes first; then come results, which free the accumulators,
/// unless the array waits for the padding. What is granted is written in the next cycle.
module buffer_write_port #(
  parameter  int unsigned PortWords   = 4,
  parameter  int unsigned StoreWords  = 4,
  parameter  int unsigned BufferWords = 65536,
  localparam int unsigned BufferWidth = $clog2(BufferWords)
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  logic                        load_i,
  input  logic [PortWords-1:0]        load_mask_i,
  input  logic [BufferWidth-1:0]      load_addr_i,
  input  logic [PortWords-1:0][31:0]  load_data_i,
  input  logic                        store_req_i,
  input  logic [BufferWidth-1:0]      store_addr_i,
  input  logic [StoreWords-1:0]       store_mask_i,
  input  logic [StoreWords-1:0][31:0] store_data_i,
  output logic                        store_gnt_o,
  input  logic                        fill_req_i,
  input  logic                        fill_urgent_i,
  input  logic [BufferWidth-1:0]      fill_addr_i,
  input  logic [StoreWords-1:0]       fill_mask_i,
  input  logic [31:0]                 fill_value_i,
  output logic                        fill_gnt_o,
  output logic [StoreWords-1:0]       write_mask_o,
  output logic [BufferWidth-1:0]      write_addr_o,
  output logic [StoreWords-1:0][31:0] write_data_o
);
  assign store_gnt_o = store_req_i && !load_i && !(fill_req_i && fill_urgent_i);
  assign fill_gnt_o  = fill_req_i && !load_i && (!store_req_i || fill_urgent_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) write_mask_o <= '0;
    else if (store_gnt_o) write_mask_o <= store_mask_i;
    else if (fill_gnt_o) write_mask_o <= fill_mask_i;
    else write_mask_o <= load_i ? StoreWords'(load_mask_i) : '0;
  end

  always_ff @(posedge clk_i) begin
    if (store_gnt_o) begin
      write_addr_o <= store_addr_i;
      write_data_o <= store_data_i;
    end else if (fill_gnt_o) begin
      write_addr_o <= fill_addr_i;
      write_data_o <= {StoreWords{fill_value_i}};
    end else begin
      write_addr_o <= load_addr_i;
      write_data_o <= (32 * StoreWords)'(load_data_i);
    end
  end
endmodule
