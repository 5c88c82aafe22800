// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The running sums or maxima of ArraySize columns: takes in each slice's results, and gives rows
/// to the store path.
///
/// Two halves (by the entry's top bit), each with one read and one write port, let the store path
/// read one half while the other is in use; in the same half adding goes first and the store path
/// waits. A sum may be used again AccumulateLatency cycles after its last use.
///
/// Sums are FP32 or, of an INT8 job, two of 32 bits each, which may be used again after
/// IntegerAccumulateLatency cycles. An INT8 product must not follow an FP32 one so closely that it
/// would be written before it, or with it.
module accumulators
  import engine_descriptor_pkg::*;
#(
  parameter  int unsigned ArraySize  = 8,
  parameter  int unsigned Depth      = 1024,
  parameter  bit          Int8       = 1'b1,
  localparam int unsigned EntryWidth = $clog2(Depth)
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic                       clear_i,
  // Products of a slice
  input  logic                       valid_i,
  input  logic                       integer_i,
  input  logic                       first_i,
  input  logic                       maximum_i,
  input  logic                       tile_done_i,
  input  logic [EntryWidth-1:0]      entry_i,
  input  logic [ArraySize-1:0][31:0] product_i,
  input  logic [ArraySize-1:0][19:0] first_sum_i,
  input  logic [ArraySize-1:0][19:0] second_sum_i,
  input  logic [ArraySize-1:0]       second_carry_i,
  // High when the last sum of a tile has been written
  output logic                       tile_done_o,
  // Store path: data, of pairs those of the first or of the second position, comes a cycle after
  // `read_ready_o`
  input  logic                       read_i,
  input  logic                       read_second_i,
  input  logic [EntryWidth-1:0]      read_entry_i,
  output logic                       read_ready_o,
  output logic [ArraySize-1:0][31:0] read_data_o
);
  /// The sum of what a column holds, an INT8 product, and a carry, modulo 2^32.
  function automatic logic [31:0] accumulated(
    logic [31:0] held, logic [31:0] product, logic carry
  );
    logic [32:0] sum_2;

    // The sum as a difference: Yosys then makes the choice of `held` a part of the adder's LUTs.
    sum_2 = {product, carry} - {~held, 1'b1};
    return sum_2[32:1];
  endfunction

  localparam int unsigned HalfWidth  = EntryWidth - 1;
  localparam int unsigned Delay      = AccumulateLatency - 1;  // of the sum, seen from the product
  localparam int unsigned AddLatency = Delay - 1;

  logic [Delay-1:0]                 valid_q;  // FP32
  logic                             integer_q;  // INT8: the sum is written at once
  logic [Delay-1:0]                 tile_done_q;
  logic                             integer_done_q;
  logic [Delay-1:0][EntryWidth-1:0] entry_q;
  logic                             first_q;
  logic                             maximum_q;
  logic                             float;
  logic                             integers;

  assign integers = Int8 && valid_i && integer_i;
  assign float    = valid_i && !integers;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q        <= '0;
      integer_q      <= 1'b0;
      tile_done_q    <= '0;
      integer_done_q <= 1'b0;
      tile_done_o    <= 1'b0;
    end else if (clear_i) begin
      valid_q        <= '0;
      integer_q      <= 1'b0;
      tile_done_q    <= '0;
      integer_done_q <= 1'b0;
      tile_done_o    <= 1'b0;
    end else begin
      valid_q        <= {valid_q[Delay-2:0], float};
      integer_q      <= integers;
      tile_done_q    <= {tile_done_q[Delay-2:0], float & tile_done_i};
      integer_done_q <= integers & tile_done_i;
      tile_done_o    <= tile_done_q[Delay-1] | integer_done_q;
    end
  end

  always_ff @(posedge clk_i) begin
    entry_q   <= {entry_q[Delay-2:0], entry_i};
    first_q   <= first_i;
    maximum_q <= maximum_i;
  end

  // Which half serves whom.
  logic add_half;
  logic read_half;
  logic add_half_q;
  logic read_half_q;
  logic read_second_q;

  assign add_half     = entry_i[EntryWidth-1];
  assign read_half    = read_entry_i[EntryWidth-1];
  assign read_ready_o = !(valid_i && !first_i && add_half == read_half);

  always_ff @(posedge clk_i) begin
    add_half_q    <= add_half;
    read_half_q   <= read_half;
    read_second_q <= read_second_i;
  end

  logic [1:0][ArraySize-1:0][31:0] half_data;
  logic [1:0][ArraySize-1:0][31:0] second_data;
  logic [ArraySize-1:0][31:0]      second_sum;
  logic [ArraySize-1:0][31:0]      product_q;
  logic [ArraySize-1:0][31:0]      float_sum;
  logic [ArraySize-1:0][31:0]      sum;
  logic [ArraySize-1:0]            is_new;  // the product would replace the maximum so far
  logic [ArraySize-1:0]            replaces;  // whether a column's sum is written
  logic [ArraySize-1:0]            replaces_second;
  logic                            write_sum;
  logic                            write_half;
  logic [HalfWidth-1:0]            write_address;

  always_ff @(posedge clk_i) begin
    if (float) product_q <= product_i;
  end

  assign write_sum                   = valid_q[Delay-1] || integer_q;
  assign {write_half, write_address} = integer_q ? entry_q[0]
      : entry_q[Delay-1];

  for (genvar h = 0; h < 2; h++) begin : gen_half
    logic                 adding;
    logic                 read;
    logic                 write;
    logic [HalfWidth-1:0] read_address;

    assign adding       = valid_i && !first_i && add_half == h[0];
    assign read         = adding || (read_i && read_half == h[0]);
    assign read_address = adding ? entry_i[HalfWidth-1:0] : read_entry_i[HalfWidth-1:0];
    assign write        = write_sum && write_half == h[0];

    logic [ArraySize-1:0][31:0] memory[2**HalfWidth];

    always_ff @(posedge clk_i) begin
      for (int unsigned c = 0; c < ArraySize; c++) begin
        if (write && replaces[c]) memory[write_address][c] <= sum[c];
      end
      if (read) half_data[h] <= memory[read_address];
    end

    // Second sums of pairs.
    if (Int8) begin : gen_second
      logic [ArraySize-1:0][31:0] second_memory[2**HalfWidth];

      always_ff @(posedge clk_i) begin
        for (int unsigned c = 0; c < ArraySize; c++) begin
          if (write && replaces_second[c]) second_memory[write_address][c] <= second_sum[c];
        end
        if (read) second_data[h] <= second_memory[read_address];
      end
    end else begin : gen_no_second
      assign second_data[h] = '0;
    end
  end

  assign read_data_o = read_second_q ? second_data[read_half_q] : half_data[read_half_q];

  for (genvar c = 0; c < ArraySize; c++) begin : gen_column
    logic [31:0]           held;
    logic [AddLatency-1:0] is_new_q;

    assign held = half_data[add_half_q][c];

    fp32_add u_add (
      .clk_i,
      .enable_i(valid_q[AddLatency-1:0]),
      .alone_i (maximum_q || first_q),
      .a_i     (product_q[c]),
      .b_i     (held),
      .sum_o   (float_sum[c])
    );

    // A maximum that was begun is written if the product is larger.
    always_ff @(posedge clk_i) begin
      is_new_q <= {is_new_q[AddLatency-2:0],
                   first_q || !maximum_q || fp32_pkg::is_new_maximum(product_q[c], held)};
    end

    assign is_new[c] = is_new_q[AddLatency-1];
  end

  // INT8. The product is a byte where it is for a maximum.
  if (Int8) begin : gen_integer
    logic                       larger_q;
    logic [ArraySize-1:0][19:0] first_sum_q;
    logic [ArraySize-1:0][19:0] second_sum_q;
    logic [ArraySize-1:0]       second_carry_q;

    always_ff @(posedge clk_i) begin
      larger_q       <= integers && maximum_i && !first_i;
      second_carry_q <= second_carry_i;
      first_sum_q    <= integers ? first_sum_i : '0;
      second_sum_q   <= second_sum_i;
    end

    logic begins;

    assign begins = first_q || larger_q;

    // Without an INT8 product, the adder has an FP32 sum and zero.
    for (genvar c = 0; c < ArraySize; c++) begin : gen_column
      logic [31:0] first_held;
      logic [31:0] second_held;

      assign first_held    = half_data[add_half_q][c];
      assign second_held   = second_data[add_half_q][c];
      assign sum[c]        = accumulated(
          integer_q ? (begins ? '0 : first_held) : float_sum[c],
          32'($signed(first_sum_q[c])), 1'b0);
      assign second_sum[c] = accumulated(
          begins ? '0 : second_held, 32'($signed(second_sum_q[c])), second_carry_q[c]);

      assign replaces[c]        = integer_q
          ? !larger_q || $signed(first_sum_q[c][7:0]) > $signed(first_held[7:0])
          : is_new[c];
      assign replaces_second[c] = integer_q
          && (!larger_q || $signed(second_sum_q[c][7:0]) > $signed(second_held[7:0]));
    end
  end else begin : gen_no_integer
    logic unused;

    assign unused          = ^{first_sum_i, second_sum_i, second_carry_i, second_sum,
                               replaces_second};
    assign second_sum      = '0;
    assign sum             = float_sum;
    assign replaces        = is_new;
    assign replaces_second = '0;
  end

`ifndef SYNTHESIS
  initial begin
    assert (IntegerAccumulateLatency == 2)
    else $fatal(1, "INT8 sums take longer or shorter than the contract says");
  end

  for (genvar i = 0; i < Delay; i++) begin : gen_hazard
    sum_is_not_in_the_adder :
    assert property (@(posedge clk_i) disable iff (!rst_ni)
        valid_i && !first_i && valid_q[i] |-> entry_q[i] != entry_i)
    else $error("a sum is added to before the adder has written it");
  end

  integer_sum_is_not_in_the_adder :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      valid_i && !first_i && integer_q |-> entry_q[0] != entry_i)
  else $error("a sum is added to before the adder has written it");

  no_float_sum_is_overtaken :
  assert property (@(posedge clk_i) disable iff (!rst_ni) integers |-> valid_q == '0)
  else $error("an INT8 product comes while an FP32 sum is in the adder");
`endif
endmodule
