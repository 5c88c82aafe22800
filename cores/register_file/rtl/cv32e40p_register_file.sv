// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The CPU's integer and floating-point registers in memories, which FPGAs make of LUTs: the same
/// ports as CV32E40P's own register file of flip-flops, at a tenth of its size.
///
/// A memory of LUTs has one write port, so each of the two has a memory of its own, and a bit for
/// each register tells which one was written last. Of two writes to one register in the same cycle,
/// port B's counts. Register 0 is zero; the others are undefined after reset.
module cv32e40p_register_file #(
  parameter ADDR_WIDTH = 5,
  parameter DATA_WIDTH = 32,
  parameter FPU        = 0,
  parameter ZFINX      = 0
) (
  input  logic                  clk,
  input  logic                  rst_n,
  input  logic                  scan_cg_en_i,
  input  logic [ADDR_WIDTH-1:0] raddr_a_i,
  output logic [DATA_WIDTH-1:0] rdata_a_o,
  input  logic [ADDR_WIDTH-1:0] raddr_b_i,
  output logic [DATA_WIDTH-1:0] rdata_b_o,
  input  logic [ADDR_WIDTH-1:0] raddr_c_i,
  output logic [DATA_WIDTH-1:0] rdata_c_o,
  input  logic [ADDR_WIDTH-1:0] waddr_a_i,
  input  logic [DATA_WIDTH-1:0] wdata_a_i,
  input  logic                  we_a_i,
  input  logic [ADDR_WIDTH-1:0] waddr_b_i,
  input  logic [DATA_WIDTH-1:0] wdata_b_i,
  input  logic                  we_b_i
);
  // The top bit of an address tells floating-point registers.
  localparam int unsigned Registers    = (FPU == 1 && ZFINX == 0) ? 2 ** ADDR_WIDTH
                                                                  : 2 ** (ADDR_WIDTH - 1);
  localparam int unsigned AddressWidth = $clog2(Registers);

  logic [DATA_WIDTH-1:0] memory_a[Registers];
  logic [DATA_WIDTH-1:0] memory_b[Registers];
  logic [Registers-1:0]  is_in_b_q;

  always_ff @(posedge clk) begin
    if (we_a_i) memory_a[AddressWidth'(waddr_a_i)] <= wdata_a_i;
    if (we_b_i) memory_b[AddressWidth'(waddr_b_i)] <= wdata_b_i;
    if (we_a_i) is_in_b_q[AddressWidth'(waddr_a_i)] <= 1'b0;
    if (we_b_i) is_in_b_q[AddressWidth'(waddr_b_i)] <= 1'b1;
  end

  logic [2:0][ADDR_WIDTH-1:0] address;
  logic [2:0][DATA_WIDTH-1:0] data;

  assign address                           = {raddr_c_i, raddr_b_i, raddr_a_i};
  assign {rdata_c_o, rdata_b_o, rdata_a_o} = data;

  for (genvar p = 0; p < 3; p++) begin : gen_port
    logic [AddressWidth-1:0] register;

    assign register = AddressWidth'(address[p]);

    always_comb begin
      data[p] = is_in_b_q[register] ? memory_b[register] : memory_a[register];
      if (address[p] == '0) data[p] = '0;
    end
  end

  logic unused;
  assign unused = rst_n ^ scan_cg_en_i;
endmodule
