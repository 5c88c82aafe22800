// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The activations on chip: word-interleaved banks that give ArraySize words a cycle.
///
/// There are as many banks as the next power of two of ArraySize; word w lies in bank w modulo that
/// number, so any consecutive words are free of conflicts. So are lanes that leave out multiples of the
/// number of banks: lane l reads word `read_address_i + l + read_skip_i[m]`, where m counts the
/// `read_crossing_i` that are not above l.
///
/// With `read_groups_i` there are LaneGroups slices, in as many groups of lanes: in each group crossings
/// count from its own first lane, and all lanes of group g are read `read_group_skip_i[g]` words, a
/// multiple of the number of banks, further on.
///
/// A write stores up to WriteWords consecutive words, which are a power of two. Read latency:
/// BufferLatency cycles.
module activation_buffer
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize    = 8,
  parameter  int unsigned WriteWords   = 4,
  parameter  int unsigned BufferWords  = 65536,
  parameter  bit          Int8         = 1'b1,
  localparam int unsigned AddressWidth = $clog2(BufferWords),
  localparam int unsigned Banks        = 2 ** $clog2(ArraySize),
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
  input  logic                                     read_groups_i,
  input  logic [LaneGroups-1:1][AddressWidth-1:0]  read_group_skip_i,
  output logic [Banks-1:0][31:0]                   read_data_o
);
  localparam int unsigned BankWidth  = $clog2(ArraySize);
  localparam int unsigned RowWidth   = AddressWidth - BankWidth;
  localparam int unsigned GroupWords = Banks / LaneGroups;

  // Stage 1: how many crossings lie before each lane, and the rows that they leave out.
  logic                                 lanes_valid_q;
  logic [BankWidth-1:0]                 lanes_first_q;
  logic [LaneGroups-1:0][RowWidth-1:0]  lanes_row_q;  // of each group
  logic [Banks-1:0][CrossingWidth-1:0]  lanes_crossed_q;
  logic [MostCrossings:0][RowWidth-1:0] lanes_skip_q;
  logic [Banks-1:0][CrossingWidth-1:0]  crossed;

  always_comb begin
    for (int unsigned l = 0; l < Banks; l++) begin
      crossed[l] = '0;
      for (int unsigned m = 1; m <= MostCrossings; m++) begin
        if (32'(read_crossing_i[m]) <= ((Int8 && read_groups_i) ? l % GroupWords : l)) begin
          crossed[l] = CrossingWidth'(m);
        end
      end
    end
  end

  // First rows of the groups; without groups the first one stands for all.
  logic [LaneGroups-1:0][RowWidth-1:0] group_row;

  always_comb begin
    for (int unsigned g = 0; g < LaneGroups; g++) begin
      group_row[g] = read_address_i[AddressWidth-1:BankWidth];
      if (Int8 && read_groups_i && g > 0) begin
        group_row[g] += read_group_skip_i[(g>0)?g : 1][AddressWidth-1:BankWidth];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    // Without an enable: a read is decided on late.
    lanes_valid_q   <= read_i;
    lanes_first_q   <= read_address_i[BankWidth-1:0];
    lanes_row_q     <= group_row;
    lanes_crossed_q <= crossed;
    for (int unsigned m = 0; m <= MostCrossings; m++) begin
      lanes_skip_q[m] <= read_skip_i[m][AddressWidth-1:BankWidth];
    end
  end

  // Stage 2: the row that each bank reads. Banks before the first one are in the next row.
  logic                           banks_valid_q;
  logic [BankWidth-1:0]           banks_first_q;
  logic [Banks-1:0][RowWidth-1:0] banks_row_q;

  logic [Banks-1:0][CrossingWidth-1:0] banks_crossed;

  always_comb begin
    banks_crossed = lanes_crossed_q;
    for (int unsigned k = 0; k < BankWidth; k++) begin
      if (lanes_first_q[k]) begin
        banks_crossed = (banks_crossed << (CrossingWidth * 2 ** k))
            | (banks_crossed >> (CrossingWidth * (Banks - 2 ** k)));
      end
    end
  end

  always_ff @(posedge clk_i) begin
    banks_valid_q <= lanes_valid_q;
    if (lanes_valid_q) begin
      banks_first_q <= lanes_first_q;
      for (int unsigned b = 0; b < Banks; b++) begin
        banks_row_q[b] <= lanes_row_q[lane_group(BankWidth'(b)-lanes_first_q)]
            + RowWidth'(BankWidth'(b) < lanes_first_q)
            + lanes_skip_q[banks_crossed[b]];
      end
    end
  end

  /// The group of a lane; all are in the first one where there are none.
  function automatic logic [$clog2(LaneGroups)-1:0] lane_group(logic [BankWidth-1:0] lane);
    return Int8 ? $clog2(LaneGroups)'(lane / BankWidth'(GroupWords)) : '0;
  endfunction

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

  // Stage 4: lanes in order, by a rotation for each bit of the first one's place.
  logic [Banks-1:0][31:0] in_order;

  always_comb begin
    in_order = bank_data;
    for (int unsigned k = 0; k < BankWidth; k++) begin
      if (data_first_q[k]) begin
        in_order = (in_order >> (32 * 2 ** k)) | (in_order << (32 * (Banks - 2 ** k)));
      end
    end
  end

  always_ff @(posedge clk_i) begin
    data_valid_q <= banks_valid_q;
    if (banks_valid_q) data_first_q <= banks_first_q;
    if (data_valid_q) read_data_o <= in_order;
  end
endmodule
