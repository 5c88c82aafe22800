// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The whole system-on-chip: CPU with floating-point unit, main memory, engine and peripherals.
///
/// The configuration is in heepstor_config_pkg. Reset is asynchronous and needs a falling edge (the
/// CPU depends on it).
///
/// The CPU's clock has one pulse for each CpuClockDivider of `clk_i`, which everything else has. Its
/// accesses go through bridges; its other inputs and outputs are levels that come from registers.
module heepstor_soc
  import soc_obi_pkg::*;
  import heepstor_config_pkg::*;
#(
  /// 1: JTAG through the FPGA's own TAP (Xilinx, BSCANE2) instead of the pins.
  parameter bit JtagBscan = 1'b0
) (
  input  logic clk_i,
  input  logic rst_ni,

  /// What the boot ROM does: 0 starts the program in main memory, 1 loads one over the serial line.
  /// It is synchronised, so it may come from a pin.
  input  logic boot_select_i,

  input  logic uart_rx_i,
  output logic uart_tx_o,

  /// JTAG of the debug module. If unused: tck 0, tms 1, tdi 0, trst_n 1.
  input  logic jtag_tck_i,
  input  logic jtag_tms_i,
  input  logic jtag_tdi_i,
  output logic jtag_tdo_o,
  input  logic jtag_trst_ni,

  /// What the program prints if a simulation takes it without the serial line; else present is 0.
  input  logic       console_present_i,
  output logic       console_valid_o,
  output logic [7:0] console_o,

  /// High once the program has ended, with its exit code.
  output logic        exit_valid_o,
  output logic [31:0] exit_code_o
);
  // Masters and peripherals of the interconnect. A lower master goes first.
  localparam int unsigned NumMasters = 2;
  localparam int unsigned DataIdx    = 0;
  localparam int unsigned InstrIdx   = 1;

  localparam int unsigned NumPeripherals = 6;
  localparam int unsigned BootRomIdx     = 0;
  localparam int unsigned SocCtrlIdx     = 1;
  localparam int unsigned UartIdx        = 2;
  localparam int unsigned TimerIdx       = 3;
  localparam int unsigned EngineIdx      = 4;
  localparam int unsigned DebugIdx       = 5;
  localparam logic [NumPeripherals-1:0][31:0] PeripheralBase = {
    DebugBase, EngineBase, TimerBase, UartBase, SocCtrlBase, BootRomBase
  };

  // Interrupt lines of the CPU.
  localparam int unsigned IrqTimer    = 7;
  localparam int unsigned IrqEngine   = 16;
  localparam int unsigned IrqUart     = 17;
  localparam int unsigned IrqBusError = 18;
  localparam int unsigned IrqStackOverflow = 19;

  obi_req_t cpu_data_req, debugger_req;
  logic     cpu_data_gnt, debugger_gnt;
  obi_rsp_t cpu_data_rsp, debugger_rsp;
  obi_req_t [NumMasters-1:0] master_req, memory_req;
  logic     [NumMasters-1:0] master_gnt, memory_gnt;
  obi_rsp_t [NumMasters-1:0] master_rsp, memory_rsp;
  obi_req_t [NumPeripherals-1:0] periph_req;
  logic     [NumPeripherals-1:0] periph_gnt;
  obi_rsp_t [NumPeripherals-1:0] periph_rsp;

  // The debugger also resets everything except the debug module. Both resets come from registers,
  // and only one of them changes at a time.
  logic ndmreset, system_rst_n;
  assign system_rst_n = rst_ni & ~ndmreset;

  // The CPU's clock. Reset does not stop it.
  logic clk_cpu, cpu_edge;

  clock_divider #(
    .Ratio(CpuClockDivider)
  ) u_divider (
    .clk_i,
    .rst_ni,
    .slow_edge_o(cpu_edge),
    .clk_slow_o (clk_cpu)
  );

  // CPU.
  obi_req_t core_instr_req, core_data_req;
  logic     core_instr_gnt, core_data_gnt;
  obi_rsp_t core_instr_rsp, core_data_rsp;
  logic [31:0] irq;
  logic irq_timer, irq_engine, irq_uart, irq_bus_error, irq_stack_overflow;
  logic debug_req, cpu_halted;

  // From interrupts and the debugger's request the CPU has much to decide in a cycle. A bus error must
  // not wait: the CPU would execute what it got in place of an instruction.
  logic [31:0] irq_q, cpu_irq;
  logic        debug_req_q;

  always_ff @(posedge clk_cpu or negedge system_rst_n) begin
    if (!system_rst_n) irq_q <= '0;
    else irq_q <= irq;
  end

  always_comb begin
    cpu_irq              = irq_q;
    cpu_irq[IrqBusError] = irq_bus_error;
  end

  always_ff @(posedge clk_cpu or negedge rst_ni) begin
    if (!rst_ni) debug_req_q <= 1'b0;
    else debug_req_q <= debug_req;
  end

  always_comb begin
    irq              = '0;
    irq[IrqTimer]    = irq_timer;
    irq[IrqEngine]   = irq_engine;
    irq[IrqUart]     = irq_uart;
    irq[IrqStackOverflow] = irq_stack_overflow;
  end

  cv32e40p_top #(
    .COREV_PULP      (0),
    .COREV_CLUSTER   (0),
    .FPU             (1),
    .FPU_ADDMUL_LAT  (1),
    .FPU_OTHERS_LAT  (1),
    .ZFINX           (0),
    .NUM_MHPMCOUNTERS(1)
  ) u_cpu (
    .clk_i (clk_cpu),
    .rst_ni(system_rst_n),
    .pulp_clock_en_i    (1'b1),
    .scan_cg_en_i       (1'b0),
    .boot_addr_i        (BootRomBase),
    .mtvec_addr_i       (MemoryBase),
    .dm_halt_addr_i     (DebugBase + dm::HaltAddress[31:0]),
    .hart_id_i          ('0),
    .dm_exception_addr_i(DebugBase + dm::ExceptionAddress[31:0]),
    .instr_req_o        (core_instr_req.req),
    .instr_gnt_i        (core_instr_gnt),
    .instr_rvalid_i     (core_instr_rsp.rvalid),
    .instr_addr_o       (core_instr_req.addr),
    .instr_rdata_i      (core_instr_rsp.rdata),
    .data_req_o         (core_data_req.req),
    .data_gnt_i         (core_data_gnt),
    .data_rvalid_i      (core_data_rsp.rvalid),
    .data_we_o          (core_data_req.we),
    .data_be_o          (core_data_req.be),
    .data_addr_o        (core_data_req.addr),
    .data_wdata_o       (core_data_req.wdata),
    .data_rdata_i       (core_data_rsp.rdata),
    .irq_i              (cpu_irq),
    .irq_ack_o          (),
    .irq_id_o           (),
    .debug_req_i        (debug_req_q),
    .debug_havereset_o  (),
    .debug_running_o    (),
    .debug_halted_o     (cpu_halted),
    .fetch_enable_i     (1'b1),
    .core_sleep_o       ()
  );

  assign core_instr_req.we    = 1'b0;
  assign core_instr_req.be    = '1;
  assign core_instr_req.wdata = '0;

  obi_clock_bridge #(
    .Ratio(CpuClockDivider)
  ) u_instr_bridge (
    .clk_i,
    .clk_slow_i  (clk_cpu),
    .slow_edge_i (cpu_edge),
    .rst_ni      (system_rst_n),
    .master_i    (core_instr_req),
    .master_gnt_o(core_instr_gnt),
    .master_o    (core_instr_rsp),
    .slave_o     (master_req[InstrIdx]),
    .slave_gnt_i (master_gnt[InstrIdx]),
    .slave_i     (master_rsp[InstrIdx])
  );

  obi_clock_bridge #(
    .Ratio(CpuClockDivider)
  ) u_data_bridge (
    .clk_i,
    .clk_slow_i  (clk_cpu),
    .slow_edge_i (cpu_edge),
    .rst_ni      (system_rst_n),
    .master_i    (core_data_req),
    .master_gnt_o(core_data_gnt),
    .master_o    (core_data_rsp),
    .slave_o     (cpu_data_req),
    .slave_gnt_i (cpu_data_gnt),
    .slave_i     (cpu_data_rsp)
  );

  // Bus. The debugger uses the CPU's data port in cycles in which the CPU does not need it.
  logic [NumMasters-1:0] bus_errors;
  logic bus_error, debugger_error;
  logic [31:0] bus_error_addr;

  obi_mux #(
    .NumMasters(2)
  ) u_data_mux (
    .clk_i,
    .rst_ni(system_rst_n),
    .masters_i    ({debugger_req, cpu_data_req}),
    .masters_gnt_o({debugger_gnt, cpu_data_gnt}),
    .masters_o    ({debugger_rsp, cpu_data_rsp}),
    .slave_o      (master_req[DataIdx]),
    .slave_gnt_i  (master_gnt[DataIdx]),
    .slave_i      (master_rsp[DataIdx])
  );

  // A debugger's access to an unmapped address must not disturb the program. An error comes with the
  // grant, or while the crossbar has the request in its register.
  logic is_debuggers, is_debuggers_q;

  always_ff @(posedge clk_i) begin
    if (cpu_data_gnt || debugger_gnt) is_debuggers_q <= debugger_gnt;
  end

  assign is_debuggers   = (CpuClockDivider > 1) ? is_debuggers_q : debugger_gnt;
  assign debugger_error = bus_errors[DataIdx] & is_debuggers;
  assign bus_error      = (bus_errors[InstrIdx] | (bus_errors[DataIdx] & ~is_debuggers)) & ~cpu_halted;

  obi_crossbar #(
    .NumMasters    (NumMasters),
    .NumPeripherals(NumPeripherals),
    .Registered    (CpuClockDivider > 1),
    .MemoryBase    (MemoryBase),
    .MemoryBytes   (MemoryBytes),
    .PeripheralBase(PeripheralBase)
  ) u_crossbar (
    .clk_i,
    .rst_ni(system_rst_n),
    .masters_i        (master_req),
    .masters_gnt_o    (master_gnt),
    .masters_o        (master_rsp),
    .memory_o         (memory_req),
    .memory_gnt_i     (memory_gnt),
    .memory_i         (memory_rsp),
    .peripherals_o    (periph_req),
    .peripherals_gnt_i(periph_gnt),
    .peripherals_i    (periph_rsp),
    .error_o          (bus_errors),
    .error_addr_o     (bus_error_addr)
  );

  // Main memory: a narrow port for each master, the wide one for the engine.
  logic port_req, port_gnt, port_we, port_rvalid;
  logic [31:0] port_addr;
  logic [PortWords-1:0] port_mask;
  logic [PortWords-1:0][31:0] port_wdata, port_rdata;

  logic [NumMasters-1:0] narrow_req, narrow_we, narrow_rvalid;
  logic [NumMasters-1:0][31:0] narrow_addr, narrow_wdata, narrow_rdata;
  logic [NumMasters-1:0][3:0] narrow_be;

  for (genvar m = 0; m < NumMasters; m++) begin : gen_memory_port
    assign narrow_req[m]   = memory_req[m].req;
    assign narrow_addr[m]  = memory_req[m].addr;
    assign narrow_we[m]    = memory_req[m].we;
    assign narrow_be[m]    = memory_req[m].be;
    assign narrow_wdata[m] = memory_req[m].wdata;
    assign memory_rsp[m]   = '{rvalid: narrow_rvalid[m], rdata: narrow_rdata[m]};
  end

  main_memory #(
    .Banks      (MemoryBanks),
    .BankWords  (MemoryBytes / MemoryBanks / 4),
    .PortWords  (PortWords),
    .NarrowPorts(NumMasters)
  ) u_memory (
    .clk_i,
    .rst_ni(system_rst_n),
    .narrow_req_i   (narrow_req),
    .narrow_gnt_o   (memory_gnt),
    .narrow_addr_i  (narrow_addr),
    .narrow_we_i    (narrow_we),
    .narrow_be_i    (narrow_be),
    .narrow_wdata_i (narrow_wdata),
    .narrow_rvalid_o(narrow_rvalid),
    .narrow_rdata_o (narrow_rdata),
    .wide_req_i     (port_req),
    .wide_gnt_o     (port_gnt),
    .wide_addr_i    (port_addr),
    .wide_we_i      (port_we),
    .wide_mask_i    (port_mask),
    .wide_wdata_i   (port_wdata),
    .wide_rvalid_o  (port_rvalid),
    .wide_rdata_o   (port_rdata)
  );

  boot_rom u_boot_rom (
    .clk_i,
    .rst_ni(system_rst_n),
    .obi_req_i   (periph_req[BootRomIdx].req),
    .obi_gnt_o   (periph_gnt[BootRomIdx]),
    .obi_addr_i  (periph_req[BootRomIdx].addr),
    .obi_rvalid_o(periph_rsp[BootRomIdx].rvalid),
    .obi_rdata_o (periph_rsp[BootRomIdx].rdata)
  );

  soc_ctrl #(
    .ConfigHash(ConfigHash)
  ) u_soc_ctrl (
    .clk_i,
    .rst_ni(system_rst_n),
    .obi_req_i       (periph_req[SocCtrlIdx].req),
    .obi_gnt_o       (periph_gnt[SocCtrlIdx]),
    .obi_addr_i      (periph_req[SocCtrlIdx].addr),
    .obi_we_i        (periph_req[SocCtrlIdx].we),
    .obi_be_i        (periph_req[SocCtrlIdx].be),
    .obi_wdata_i     (periph_req[SocCtrlIdx].wdata),
    .obi_rvalid_o    (periph_rsp[SocCtrlIdx].rvalid),
    .obi_rdata_o     (periph_rsp[SocCtrlIdx].rdata),
    .bus_error_i     (bus_error),
    .bus_error_addr_i(bus_error_addr),
    .bus_error_irq_o (irq_bus_error),
    .store_i         (cpu_data_req.req & cpu_data_gnt & cpu_data_req.we & ~cpu_halted),
    .store_addr_i    (cpu_data_req.addr),
    .stack_overflow_irq_o(irq_stack_overflow),
    .boot_select_i,
    .console_present_i,
    .console_valid_o,
    .console_o,
    .exit_valid_o,
    .exit_code_o
  );

  uart #(
    .Divider  (UartDivider),
    .FifoDepth(UartFifoDepth)
  ) u_uart (
    .clk_i,
    .rst_ni(system_rst_n),
    .obi_req_i   (periph_req[UartIdx].req),
    .obi_gnt_o   (periph_gnt[UartIdx]),
    .obi_addr_i  (periph_req[UartIdx].addr),
    .obi_we_i    (periph_req[UartIdx].we),
    .obi_be_i    (periph_req[UartIdx].be),
    .obi_wdata_i (periph_req[UartIdx].wdata),
    .obi_rvalid_o(periph_rsp[UartIdx].rvalid),
    .obi_rdata_o (periph_rsp[UartIdx].rdata),
    .irq_o       (irq_uart),
    .rx_i        (uart_rx_i),
    .tx_o        (uart_tx_o)
  );

  timer u_timer (
    .clk_i,
    .rst_ni(system_rst_n),
    .obi_req_i   (periph_req[TimerIdx].req),
    .obi_gnt_o   (periph_gnt[TimerIdx]),
    .obi_addr_i  (periph_req[TimerIdx].addr),
    .obi_we_i    (periph_req[TimerIdx].we),
    .obi_be_i    (periph_req[TimerIdx].be),
    .obi_wdata_i (periph_req[TimerIdx].wdata),
    .obi_rvalid_o(periph_rsp[TimerIdx].rvalid),
    .obi_rdata_o (periph_rsp[TimerIdx].rdata),
    .irq_o       (irq_timer)
  );

  engine #(
    .ArraySize       (ArraySize),
    .PortWords       (PortWords),
    .BufferWords     (BufferWords),
    .AccumulatorDepth(AccumulatorDepth),
    .Int8            (Int8),
    .MemoryBase      (MemoryBase),
    .MemoryBytes     (MemoryBytes)
  ) u_engine (
    .clk_i,
    .rst_ni(system_rst_n),
    .obi_req_i    (periph_req[EngineIdx].req),
    .obi_gnt_o    (periph_gnt[EngineIdx]),
    .obi_addr_i   (periph_req[EngineIdx].addr),
    .obi_we_i     (periph_req[EngineIdx].we),
    .obi_be_i     (periph_req[EngineIdx].be),
    .obi_wdata_i  (periph_req[EngineIdx].wdata),
    .obi_rvalid_o (periph_rsp[EngineIdx].rvalid),
    .obi_rdata_o  (periph_rsp[EngineIdx].rdata),
    .port_req_o   (port_req),
    .port_gnt_i   (port_gnt),
    .port_addr_o  (port_addr),
    .port_we_o    (port_we),
    .port_mask_o  (port_mask),
    .port_wdata_o (port_wdata),
    .port_rvalid_i(port_rvalid),
    .port_rdata_i (port_rdata),
    .irq_o        (irq_engine)
  );

  debug #(
    .Bscan(JtagBscan)
  ) u_debug (
    .clk_i,
    .rst_ni,
    .system_rst_ni(system_rst_n),
    .jtag_tck_i,
    .jtag_tms_i,
    .jtag_tdi_i,
    .jtag_tdo_o,
    .jtag_trst_ni,
    .ndmreset_o   (ndmreset),
    .debug_req_o  (debug_req),
    .obi_req_i    (periph_req[DebugIdx].req),
    .obi_gnt_o    (periph_gnt[DebugIdx]),
    .obi_addr_i   (periph_req[DebugIdx].addr),
    .obi_we_i     (periph_req[DebugIdx].we),
    .obi_be_i     (periph_req[DebugIdx].be),
    .obi_wdata_i  (periph_req[DebugIdx].wdata),
    .obi_rvalid_o (periph_rsp[DebugIdx].rvalid),
    .obi_rdata_o  (periph_rsp[DebugIdx].rdata),
    .bus_o        (debugger_req),
    .bus_gnt_i    (debugger_gnt),
    .bus_i        (debugger_rsp),
    .bus_error_i  (debugger_error)
  );
endmodule
