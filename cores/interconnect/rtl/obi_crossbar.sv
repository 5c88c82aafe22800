// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Connects every master to the main memory and to every peripheral.
///
/// Each master has its own memory port, so masters only compete inside the memory, bank by bank. At
/// a peripheral, the lower-numbered master has priority. obi_error answers accesses to unmapped
/// addresses.
///
/// With `Registered` each master's request first goes through a register, where its slave is known:
/// a cycle later, and every other cycle at most, but without a path through the crossbar.
module obi_crossbar
  import soc_obi_pkg::*;
#(
  parameter int unsigned NumMasters     = 2,
  parameter int unsigned NumPeripherals = 1,
  parameter bit          Registered     = 1'b0,
  /// Where the memory is.
  parameter logic [31:0] MemoryBase     = 32'h8000_0000,
  parameter int unsigned MemoryBytes    = 32'h0010_0000,
  /// Where peripheral i is: PeripheralBytes from PeripheralBase[i] on.
  parameter logic [NumPeripherals-1:0][31:0] PeripheralBase = '0,
  parameter int unsigned PeripheralBytes = 4096
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  obi_req_t [NumMasters-1:0] masters_i,
  output logic     [NumMasters-1:0] masters_gnt_o,
  output obi_rsp_t [NumMasters-1:0] masters_o,
  output obi_req_t [NumMasters-1:0] memory_o,
  input  logic     [NumMasters-1:0] memory_gnt_i,
  input  obi_rsp_t [NumMasters-1:0] memory_i,
  output obi_req_t [NumPeripherals-1:0] peripherals_o,
  input  logic     [NumPeripherals-1:0] peripherals_gnt_i,
  input  obi_rsp_t [NumPeripherals-1:0] peripherals_i,

  /// High for one cycle for each access of a master to an unmapped address.
  output logic [NumMasters-1:0] error_o,
  output logic [31:0]           error_addr_o
);
  // Slaves of each master: the peripherals, the error responder, the memory.
  localparam int unsigned ErrorIdx        = NumPeripherals;
  localparam int unsigned MemoryIdx       = NumPeripherals + 1;
  localparam int unsigned NumSlaves       = NumPeripherals + 2;
  localparam int unsigned IdxWidth        = $clog2(NumSlaves);
  localparam int unsigned MemoryWidth     = $clog2(MemoryBytes);
  localparam int unsigned PeripheralWidth = $clog2(PeripheralBytes);

  /// The slave of an address. Regions begin at multiples of their sizes, rounded up to powers of two.
  function automatic logic [IdxWidth-1:0] slave_of(logic [31:0] address);
    slave_of = IdxWidth'(ErrorIdx);
    for (int unsigned p = 0; p < NumPeripherals; p++) begin
      if (address >> PeripheralWidth == PeripheralBase[p] >> PeripheralWidth) begin
        slave_of = IdxWidth'(p);
      end
    end
    if (address >> MemoryWidth == MemoryBase >> MemoryWidth
        && 33'(address[MemoryWidth-1:0]) < 33'(MemoryBytes)) begin
      slave_of = IdxWidth'(MemoryIdx);
    end
  endfunction

  obi_req_t [NumMasters-1:0]                request;
  logic     [NumMasters-1:0]                granted;
  obi_req_t [NumMasters-1:0][NumSlaves-1:0] demux_req;
  logic     [NumMasters-1:0][NumSlaves-1:0] demux_gnt;
  obi_rsp_t [NumMasters-1:0][NumSlaves-1:0] demux_rsp;

  for (genvar m = 0; m < NumMasters; m++) begin : gen_master
    logic [IdxWidth-1:0] select;

    obi_register #(
      .Registered (Registered),
      .SelectWidth(IdxWidth)
    ) u_register (
      .clk_i,
      .rst_ni,
      .master_i    (masters_i[m]),
      .select_i    (slave_of(masters_i[m].addr)),
      .master_gnt_o(masters_gnt_o[m]),
      .slave_o     (request[m]),
      .select_o    (select),
      .slave_gnt_i (granted[m])
    );

    obi_demux #(
      .NumSlaves(NumSlaves)
    ) u_demux (
      .clk_i,
      .rst_ni,
      .select_i    (select),
      .master_i    (request[m]),
      .master_gnt_o(granted[m]),
      .master_o    (masters_o[m]),
      .slaves_o    (demux_req[m]),
      .slaves_gnt_i(demux_gnt[m]),
      .slaves_i    (demux_rsp[m])
    );

    assign memory_o[m] = demux_req[m][MemoryIdx];
    assign demux_gnt[m][MemoryIdx] = memory_gnt_i[m];
    assign demux_rsp[m][MemoryIdx] = memory_i[m];
  end

  // The peripherals and the error responder, shared by the masters.
  obi_req_t [NumPeripherals:0] shared_req;
  logic     [NumPeripherals:0] shared_gnt;
  obi_rsp_t [NumPeripherals:0] shared_rsp;

  for (genvar s = 0; s <= NumPeripherals; s++) begin : gen_shared
    obi_req_t [NumMasters-1:0] requests;
    logic     [NumMasters-1:0] grants;
    obi_rsp_t [NumMasters-1:0] responses;

    for (genvar m = 0; m < NumMasters; m++) begin : gen_transpose
      assign requests[m]     = demux_req[m][s];
      assign demux_gnt[m][s] = grants[m];
      assign demux_rsp[m][s] = responses[m];
    end

    obi_mux #(
      .NumMasters(NumMasters)
    ) u_mux (
      .clk_i,
      .rst_ni,
      .masters_i    (requests),
      .masters_gnt_o(grants),
      .masters_o    (responses),
      .slave_o      (shared_req[s]),
      .slave_gnt_i  (shared_gnt[s]),
      .slave_i      (shared_rsp[s])
    );
  end

  // A master's unmapped access is the one that is granted.
  for (genvar m = 0; m < NumMasters; m++) begin : gen_error
    assign error_o[m] = demux_req[m][ErrorIdx].req & demux_gnt[m][ErrorIdx];
  end

  assign peripherals_o = shared_req[NumPeripherals-1:0];
  assign shared_gnt[NumPeripherals-1:0] = peripherals_gnt_i;
  assign shared_rsp[NumPeripherals-1:0] = peripherals_i;

  obi_error u_error (
    .clk_i,
    .rst_ni,
    .req_i(shared_req[ErrorIdx]),
    .gnt_o(shared_gnt[ErrorIdx]),
    .rsp_o(shared_rsp[ErrorIdx]),
    .error_addr_o
  );

`ifndef SYNTHESIS
  initial begin
    assert (PeripheralBytes == 2 ** PeripheralWidth)
    else $fatal(1, "the peripherals' regions must be a power of two long");
    assert (MemoryBase % (2 ** MemoryWidth) == 0)
    else $fatal(1, "the memory must begin at a multiple of its size");
    for (int unsigned p = 0; p < NumPeripherals; p++) begin
      assert (PeripheralBase[p] % PeripheralBytes == 0)
      else $fatal(1, "a peripheral must begin at a multiple of its size");
    end
  end
`endif
endmodule
