// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The activations on chip: word-interleaved banks that give ArraySize words a cycle.
///
/// There are as many banks as the next power of two of ArraySize; word w lies in bank w modulo that
/// number, so any consecutive words are free of conflicts. So are lanes that leave out multiples of the
/// number of banks: lane l reads word `read_address_i + l + read_skip_i[m]`, where m counts the
/// `read_crossing_i` that are not above l. A write stores up to WriteWords consecutive words, which
/// are a power of two. Read latency: BufferLatency cycles.
module activation_buffer
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize    = 8,
  parameter  int unsigned WriteWords   = 4,
  parameter  int unsigned BufferWords  = 65536,
  localparam int unsigned AddressWidth = $clog2(BufferWords),
  localparam int unsigned LaneWidth    = $clog2(ArraySize + 1)
) (
  input  logic                                     clk_i,
  input  logic [WriteWords-1:0]                     write_mask_i,
  input  logic [AddressWidth-1:0]                  write_address_i,
  input  logic [WriteWords-1:0][31:0]               write_data_i,
  input  logic                                     read_i,
  input  logic [AddressWidth-1:0]                  read_address_i,
  input  logic [MostCrossings:1][LaneWidth-1:0]    read_crossing_i,
  input  logic [MostCrossings:0][AddressWidth-1:0] read_skip_i,
  output logic [ArraySize-1:0][31:0]               read_data_o
);
  localparam int unsigned BankWidth = $clog2(ArraySize);
  localparam int unsigned Banks     = 2 ** BankWidth;
  localparam int unsigned RowWidth  = AddressWidth - BankWidth;

  // Stage 1: how many crossings lie before each lane, and the rows that they leave out.
  logic                                 lanes_valid_q;
  logic [AddressWidth-1:0]              lanes_address_q;
  logic [Banks-1:0][CrossingWidth-1:0]  lanes_crossed_q;
  logic [MostCrossings:0][RowWidth-1:0] lanes_skip_q;
  logic [Banks-1:0][CrossingWidth-1:0]  crossed;

  always_comb begin
    for (int unsigned l = 0; l < Banks; l++) begin
      crossed[l] = '0;
      for (int unsigned m = 1; m <= MostCrossings; m++) begin
        if (32'(read_crossing_i[m]) <= l) crossed[l] = CrossingWidth'(m);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    lanes_valid_q <= read_i;
    if (read_i) begin
      lanes_address_q <= read_address_i;
      lanes_crossed_q <= crossed;
      for (int unsigned m = 0; m <= MostCrossings; m++) begin
        lanes_skip_q[m] <= read_skip_i[m][AddressWidth-1:BankWidth];
      end
    end
  end

  // Stage 2: the row that each bank reads. Banks before the first one are in the next row.
  logic                           banks_valid_q;
  logic [BankWidth-1:0]           banks_first_q;
  logic [Banks-1:0][RowWidth-1:0] banks_row_q;
  logic [BankWidth-1:0]           first_bank;
  logic [RowWidth-1:0]            first_row;

  assign {first_row, first_bank} = lanes_address_q;

  always_ff @(posedge clk_i) begin
    banks_valid_q <= lanes_valid_q;
    if (lanes_valid_q) begin
      banks_first_q <= first_bank;
      for (int unsigned b = 0; b < Banks; b++) begin
        banks_row_q[b] <= first_row + RowWidth'(BankWidth'(b) < first_bank)
            + lanes_skip_q[lanes_crossed_q[BankWidth'(b)-first_bank]];
      end
    end
  end

  // Banks that are WriteWords apart are offered the same word of a write.
  logic [WriteWords-1:0][31:0] rotated;

  always_comb begin
    for (int unsigned i = 0; i < WriteWords; i++) begin
      rotated[i] = write_data_i[(i-32'(write_address_i[BankWidth-1:0]))%WriteWords];
    end
  end

  // Stage 3: the banks.
  logic [Banks-1:0][31:0] bank_data;
  logic                   data_valid_q;
  logic [BankWidth-1:0]   data_first_q;

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    // Which word of the write belongs here.
    logic [BankWidth-1:0] write_word;
    logic [RowWidth-1:0]  write_row;
    logic                 write;

    assign write_word = BankWidth'(b) - write_address_i[BankWidth-1:0];
    assign write_row  = write_address_i[AddressWidth-1:BankWidth]
        + RowWidth'(BankWidth'(b) < write_address_i[BankWidth-1:0]);

    always_comb begin
      write = 1'b0;
      for (int unsigned i = 0; i < WriteWords; i++) begin
        if (write_word == BankWidth'(i)) write = write_mask_i[i];
      end
    end

    logic [31:0] memory[2**RowWidth];

    always_ff @(posedge clk_i) begin
      if (write) memory[write_row] <= rotated[b%WriteWords];
      if (banks_valid_q) bank_data[b] <= memory[banks_row_q[b]];
    end
  end

  // Stage 4: lanes in order.
  always_ff @(posedge clk_i) begin
    data_valid_q <= banks_valid_q;
    if (banks_valid_q) data_first_q <= banks_first_q;
    if (data_valid_q) begin
      for (int unsigned i = 0; i < ArraySize; i++) begin
        read_data_o[i] <= bank_data[BankWidth'(data_first_q+BankWidth'(i))];
      end
    end
  end
endmodule
