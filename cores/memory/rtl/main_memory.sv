// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Main memory: word-interleaved SRAM banks, shared by narrow (32-bit) ports and one wide port.
///
/// Word w is in bank w mod Banks. Addresses are byte addresses, of which only the bits within the
/// memory matter. Every port gets its response in the cycle after the grant. All words that the
/// wide port requests are served together; word i is at its address + 4 i. `wide_gnt_o` comes from
/// a register and tells that a request would be served.
module main_memory #(
  parameter int unsigned Banks       = 8,
  /// 32-bit words of each bank.
  parameter int unsigned BankWords   = 32768,
  parameter int unsigned PortWords   = 4,
  parameter int unsigned NarrowPorts = 2
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic [NarrowPorts-1:0]       narrow_req_i,
  output logic [NarrowPorts-1:0]       narrow_gnt_o,
  input  logic [NarrowPorts-1:0][31:0] narrow_addr_i,
  input  logic [NarrowPorts-1:0]       narrow_we_i,
  input  logic [NarrowPorts-1:0][ 3:0] narrow_be_i,
  input  logic [NarrowPorts-1:0][31:0] narrow_wdata_i,
  output logic [NarrowPorts-1:0]       narrow_rvalid_o,
  output logic [NarrowPorts-1:0][31:0] narrow_rdata_o,

  input  logic                       wide_req_i,
  output logic                       wide_gnt_o,
  input  logic [31:0]                wide_addr_i,
  input  logic                       wide_we_i,
  input  logic [PortWords-1:0]       wide_mask_i,
  input  logic [PortWords-1:0][31:0] wide_wdata_i,
  output logic                       wide_rvalid_o,
  output logic [PortWords-1:0][31:0] wide_rdata_o
);
  localparam int unsigned BankBits = (Banks > 1) ? $clog2(Banks) : 1;
  localparam int unsigned RowBits = $clog2(BankWords);

  typedef logic [BankBits-1:0] bank_t;
  typedef logic [RowBits-1:0] row_t;

  function automatic bank_t bank_of(logic [29:0] word);
    return bank_t'(32'(word) % Banks);
  endfunction

  function automatic row_t row_of(logic [29:0] word);
    return row_t'(32'(word) / Banks);
  endfunction

  // What each port requests.
  logic [Banks-1:0] wide_banks;
  logic [NarrowPorts-1:0][Banks-1:0] narrow_banks, narrow_gnt;
  // For each bank, which word of the wide access it would serve.
  logic [Banks-1:0][31:0] wide_word;
  bank_t wide_first;

  assign wide_first = bank_of(wide_addr_i[31:2]);

  always_comb begin
    for (int unsigned b = 0; b < Banks; b++) begin
      wide_word[b]  = (b - 32'(wide_first)) % Banks;
      wide_banks[b] = 1'b0;
      for (int unsigned i = 0; i < PortWords; i++) begin
        if (wide_word[b] == i) wide_banks[b] = wide_req_i & wide_mask_i[i];
      end
      for (int unsigned n = 0; n < NarrowPorts; n++) begin
        narrow_banks[n][b] = narrow_req_i[n] && (32'(bank_of(narrow_addr_i[n][31:2])) == b);
      end
    end
  end

  memory_arbiter #(
    .Banks      (Banks),
    .NarrowPorts(NarrowPorts)
  ) u_arbiter (
    .clk_i,
    .rst_ni,
    .wide_req_i,
    .wide_banks_i  (wide_banks),
    .narrow_banks_i(narrow_banks),
    .wide_gnt_o,
    .narrow_gnt_o  (narrow_gnt)
  );

  for (genvar n = 0; n < NarrowPorts; n++) begin : gen_narrow_grant
    assign narrow_gnt_o[n] = |narrow_gnt[n];
  end

  // The banks.
  logic [Banks-1:0] bank_req, bank_we;
  logic [Banks-1:0][3:0] bank_be;
  row_t [Banks-1:0] bank_row;
  logic [Banks-1:0][31:0] bank_wdata, bank_rdata;

  // Once for all banks: the rows of a wide access, and its words in the order of the banks, those
  // PortWords apart being offered the same word.
  row_t wide_row, next_row;
  logic [PortWords-1:0][31:0] wide_wdata;

  assign wide_row = row_of(wide_addr_i[31:2]);
  assign next_row = wide_row + 1'b1;

  always_comb begin
    for (int unsigned i = 0; i < PortWords; i++) begin
      wide_wdata[i] = wide_wdata_i[(i-32'(wide_first))%PortWords];
    end
    for (int unsigned b = 0; b < Banks; b++) begin
      // The access wraps to the next row at the last bank.
      bank_req[b]   = wide_gnt_o & wide_banks[b];
      bank_we[b]    = wide_we_i;
      bank_be[b]    = '1;
      bank_row[b]   = (b < 32'(wide_first)) ? next_row : wide_row;
      bank_wdata[b] = wide_wdata[b%PortWords];
      for (int unsigned n = 0; n < NarrowPorts; n++) begin
        if (narrow_gnt[n][b]) begin
          bank_req[b]   = 1'b1;
          bank_we[b]    = narrow_we_i[n];
          bank_be[b]    = narrow_be_i[n];
          bank_row[b]   = row_of(narrow_addr_i[n][31:2]);
          bank_wdata[b] = narrow_wdata_i[n];
        end
      end
    end
  end

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    sram #(
      .Words(BankWords)
    ) u_sram (
      .clk_i,
      .req_i  (bank_req[b]),
      .we_i   (bank_we[b]),
      .be_i   (bank_be[b]),
      .addr_i (bank_row[b]),
      .wdata_i(bank_wdata[b]),
      .rdata_o(bank_rdata[b])
    );
  end

  // Responses: each port remembers the bank that serves it.
  bank_t wide_first_q;
  bank_t [NarrowPorts-1:0] narrow_bank_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wide_rvalid_o   <= 1'b0;
      narrow_rvalid_o <= '0;
      wide_first_q    <= '0;
      narrow_bank_q   <= '0;
    end else begin
      wide_rvalid_o   <= wide_req_i & wide_gnt_o;
      narrow_rvalid_o <= narrow_gnt_o;
      wide_first_q    <= wide_first;
      for (int unsigned n = 0; n < NarrowPorts; n++) begin
        narrow_bank_q[n] <= bank_of(narrow_addr_i[n][31:2]);
      end
    end
  end

  always_comb begin
    for (int unsigned i = 0; i < PortWords; i++) begin
      wide_rdata_o[i] = bank_rdata[bank_t'((32'(wide_first_q) + i) % Banks)];
    end
    for (int unsigned n = 0; n < NarrowPorts; n++) begin
      narrow_rdata_o[n] = bank_rdata[narrow_bank_q[n]];
    end
  end

`ifndef SYNTHESIS
  initial begin
    assert (Banks >= PortWords)
    else $fatal(1, "the wide port needs a bank for each of its words");
  end
`endif
endmodule
