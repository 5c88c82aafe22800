/// The activations on chip: word-interleaved banks that give ArraySize consecutive words a cycle.
///
/// There are as many banks as the next power of two of ArraySize; word w lies in bank w modulo that
/// number, so any consecutive words are free of conflicts. A write stores up to PortWords consecutive
/// words. Read latency: 2 cycles.
module activation_buffer #(
    parameter  int unsigned ArraySize    = 8,
    parameter  int unsigned PortWords    = 4,
    parameter  int unsigned BufferWords  = 16384,
    localparam int unsigned AddressWidth = $clog2(BufferWords)
) (
    input  logic                       clk_i,
    input  logic [PortWords-1:0]       write_mask_i,
    input  logic [AddressWidth-1:0]    write_address_i,
    input  logic [PortWords-1:0][31:0] write_data_i,
    input  logic                       read_i,
    input  logic [AddressWidth-1:0]    read_address_i,
    output logic [ArraySize-1:0][31:0] read_data_o
);

  localparam int unsigned BankWidth = $clog2(ArraySize);
  localparam int unsigned Banks     = 2 ** BankWidth;
  localparam int unsigned RowWidth  = AddressWidth - BankWidth;

  logic [Banks-1:0][31:0] bank_data;
  logic [BankWidth-1:0]   read_bank;
  logic [RowWidth-1:0]    read_row;
  logic [BankWidth-1:0]   read_bank_q;

  assign {read_row, read_bank} = read_address_i;

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    // Which word of the write belongs here; banks before the first one are in the next row.
    logic [BankWidth-1:0] write_word;
    logic [RowWidth-1:0]  write_row;
    logic                 write;
    logic [31:0]          write_data;

    assign write_word = BankWidth'(b) - write_address_i[BankWidth-1:0];
    assign write_row  = write_address_i[AddressWidth-1:BankWidth]
        + RowWidth'(BankWidth'(b) < write_address_i[BankWidth-1:0]);

    always_comb begin
      write      = 1'b0;
      write_data = write_data_i[0];
      for (int unsigned i = 0; i < PortWords; i++) begin
        if (write_word == BankWidth'(i)) begin
          write      = write_mask_i[i];
          write_data = write_data_i[i];
        end
      end
    end

    logic [31:0] memory[2**RowWidth];

    always_ff @(posedge clk_i) begin
      if (write) memory[write_row] <= write_data;
      if (read_i) bank_data[b] <= memory[read_row+RowWidth'(BankWidth'(b)<read_bank)];
    end
  end

  logic read_q;

  always_ff @(posedge clk_i) begin
    read_q <= read_i;
    if (read_i) read_bank_q <= read_bank;
    if (read_q) begin
      for (int unsigned i = 0; i < ArraySize; i++) begin
        read_data_o[i] <= bank_data[BankWidth'(read_bank_q+BankWidth'(i))];
      end
    end
  end

endmodule
