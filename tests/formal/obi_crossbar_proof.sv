// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Proof of obi_crossbar: each access that a master is granted reaches the slave at its address,
/// once, in order and unaltered; unmapped ones are reported, once each, and answered with zero;
/// answers come back in order.
///
/// The accesses of one master are looked at, whichever it is; one of them, chosen by `tag_i`, is
/// followed to its answer. Masters hold their requests until they are granted. Their write data
/// contain their number, so that a peripheral's request tells whose it is; the crossbar doesn't
/// look at write data.
module obi_crossbar_proof
  import soc_obi_pkg::*;
#(
  parameter  bit          Registered     = 1'b0,
  parameter  int unsigned Master         = 1,
  localparam int unsigned NumMasters     = 2,
  localparam int unsigned NumPeripherals = 2
) (
  input logic                          clk_i,
  input logic                          tag_i,
  input obi_req_t [NumMasters-1:0]     masters_i,
  input logic     [NumMasters-1:0]     memory_gnt_i,
  input obi_rsp_t [NumMasters-1:0]     memory_i,
  input logic     [NumPeripherals-1:0] peripherals_gnt_i,
  input obi_rsp_t [NumPeripherals-1:0] peripherals_i
);
  localparam logic [31:0] MemoryBase      = 32'h8000_0000;
  localparam int unsigned MemoryBytes     = 32'h000c_0000;
  localparam int unsigned PeripheralBytes = 4096;
  localparam logic [NumPeripherals-1:0][31:0] PeripheralBase = {32'h2000_0000, 32'h1000_1000};
  // The master's slaves: the peripherals, its port of the memory, and nowhere.
  localparam int unsigned Memory    = NumPeripherals;
  localparam int unsigned Nowhere   = NumPeripherals + 1;
  localparam int unsigned NumSlaves = NumPeripherals + 2;

  typedef logic [2:0] count_t;
  typedef logic [$clog2(NumSlaves)-1:0] slave_t;

  logic rst_n = 1'b0;

  always_ff @(posedge clk_i) rst_n <= 1'b1;

  logic     [NumMasters-1:0]     gnt, errors;
  obi_rsp_t [NumMasters-1:0]     responses;
  obi_req_t [NumMasters-1:0]     memory;
  obi_req_t [NumPeripherals-1:0] peripherals;
  logic     [31:0]               error_addr;

  obi_crossbar #(
    .NumMasters     (NumMasters),
    .NumPeripherals (NumPeripherals),
    .Registered     (Registered),
    .MemoryBase     (MemoryBase),
    .MemoryBytes    (MemoryBytes),
    .PeripheralBase (PeripheralBase),
    .PeripheralBytes(PeripheralBytes)
  ) dut (
    .clk_i,
    .rst_ni       (rst_n),
    .masters_i,
    .masters_gnt_o(gnt),
    .masters_o    (responses),
    .memory_o     (memory),
    .memory_gnt_i,
    .memory_i,
    .peripherals_o(peripherals),
    .peripherals_gnt_i,
    .peripherals_i,
    .error_o      (errors),
    .error_addr_o (error_addr)
  );

  /// The slave that the master's access is for.
  function automatic slave_t slave_of(logic [31:0] address);
    if (address >= MemoryBase && 33'(address) < 33'(MemoryBase) + 33'(MemoryBytes)) begin
      return slave_t'(Memory);
    end
    for (int unsigned p = 0; p < NumPeripherals; p++) begin
      if (address - PeripheralBase[p] < PeripheralBytes) return slave_t'(p);
    end
    return slave_t'(Nowhere);
  endfunction

  logic     request, grant;
  obi_rsp_t answer;

  assign request = masters_i[Master].req;
  assign grant   = request && gnt[Master];
  assign answer  = responses[Master];

  // What the slaves take in this cycle, from anyone and from the master, and what they answer.
  logic     [NumSlaves-1:0] takes, takes_own, unasked, answers_own;
  obi_req_t [NumSlaves-1:0] taken;
  obi_rsp_t [NumSlaves-1:0] answers;

  // Answers that are owed by each slave, to anyone; to the master; and accesses of the master that
  // were granted and not taken.
  count_t [NumSlaves-1:0] owed_q = '0;
  count_t                 owed_own_q = '0;
  count_t                 untaken_q = '0;
  logic                   error_q = 1'b0;

  always_comb begin
    for (int unsigned p = 0; p < NumPeripherals; p++) begin
      taken[p]     = peripherals[p];
      takes[p]     = peripherals[p].req && peripherals_gnt_i[p];
      takes_own[p] = takes[p] && 32'(peripherals[p].wdata[0]) == Master;
      answers[p]   = peripherals_i[p];
    end
    taken[Memory]      = memory[Master];
    takes[Memory]      = memory[Master].req && memory_gnt_i[Master];
    takes_own[Memory]  = takes[Memory];
    answers[Memory]    = memory_i[Master];
    taken[Nowhere]     = masters_i[Master];
    taken[Nowhere].addr = error_addr;
    takes[Nowhere]     = errors[Master];
    takes_own[Nowhere] = takes[Nowhere];
    answers[Nowhere]   = '{rvalid: error_q, rdata: '0};
    for (int unsigned s = 0; s < NumSlaves; s++) begin
      unasked[s] = answers[s].rvalid && owed_q[s] == '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      error_q <= errors[Master];
      for (int unsigned s = 0; s < NumSlaves; s++) begin
        owed_q[s] <= owed_q[s] + count_t'(takes[s]) - count_t'(answers[s].rvalid);
      end
      owed_own_q <= owed_own_q + count_t'(takes_own != '0) - count_t'(answer.rvalid);
      untaken_q  <= untaken_q + count_t'(grant) - count_t'(takes_own != '0);
    end
  end

  // The tagged access: first to be taken, then to be answered. Answers ahead of it: of its slave,
  // and to the master.
  logic     to_take_q = 1'b0;
  logic     to_answer_q = 1'b0;
  obi_req_t access_q, access;
  count_t   ahead_q, slave_ahead_q;
  slave_t   slave;
  logic     is_tagged, is_taken, is_next, slave_is_next;

  assign is_tagged     = grant && tag_i && !to_take_q && !to_answer_q && untaken_q == '0;
  assign access        = is_tagged ? masters_i[Master] : access_q;
  assign slave         = slave_of(access.addr);
  assign is_taken      = (to_take_q || is_tagged) && takes_own != '0;
  assign is_next       = to_answer_q && ahead_q == '0 && answer.rvalid;
  assign slave_is_next = to_answer_q && slave_ahead_q == '0 && answers[slave].rvalid;

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      access_q <= access;
      if (is_tagged) to_take_q <= 1'b1;
      if (is_taken) begin
        to_take_q     <= 1'b0;
        to_answer_q   <= 1'b1;
        ahead_q       <= owed_own_q - count_t'(answer.rvalid);
        slave_ahead_q <= owed_q[slave] - count_t'(answers[slave].rvalid);
      end else if (to_answer_q) begin
        if (is_next) to_answer_q <= 1'b0;
        ahead_q       <= ahead_q - count_t'(answer.rvalid);
        slave_ahead_q <= slave_ahead_q - count_t'(answers[slave].rvalid);
      end
    end
  end

  // Requests that were not granted in the cycle before.
  logic     [NumMasters-1:0] waits_q = '0;
  logic     [NumMasters-1:0] is_held, is_marked;
  obi_req_t [NumMasters-1:0] requests_q;

  always_ff @(posedge clk_i) begin
    for (int unsigned m = 0; m < NumMasters; m++) begin
      waits_q[m] <= rst_n && masters_i[m].req && !gnt[m];
    end
    requests_q <= masters_i;
  end

  always_comb begin
    for (int unsigned m = 0; m < NumMasters; m++) begin
      is_held[m]   = !waits_q[m] || masters_i[m] == requests_q[m];
      is_marked[m] = 32'(masters_i[m].wdata[0]) == m;
    end
  end

  // Cycles in which the master alone has asked, every slave would have taken its access, none owed
  // an answer, and it was not taken.
  count_t idle_q = '0;

  always_ff @(posedge clk_i) begin
    if (!rst_n || takes_own != '0 || masters_i[1-Master].req || owed_q != '0 || !request
        || memory_gnt_i != '1 || peripherals_gnt_i != '1) idle_q <= '0;
    else idle_q <= idle_q + 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      requests_are_held : assume (is_held == '1);
      masters_are_marked : assume (is_marked == '1);
      answers_were_asked_for : assume (unasked[Memory:0] == '0);

      one_slave_takes : assert ($onehot0(takes_own));
      nothing_is_taken_twice : assert (takes_own == '0 || untaken_q != '0 || grant);
      grants_are_taken_in_order : assert (untaken_q <= 1);
      right_slave_takes : assert (!is_taken || takes_own[slave]);
      taken_as_granted :
      assert (!is_taken || slave == slave_t'(Nowhere) || taken[slave] == access);
      error_tells_the_address :
      assert (!is_taken || slave != slave_t'(Nowhere) || error_addr == access.addr);

      answer_was_asked_for : assert (!answer.rvalid || owed_own_q != '0);
      answer_comes_as_the_slave_gives_it : assert (is_next == slave_is_next);
      answer_is_the_slaves : assert (!is_next || answer == answers[slave]);

      lone_master_is_served : assert (idle_q < 3);

      another_master_at_the_peripheral : cover (to_answer_q && slave == '0
          && slave_ahead_q > ahead_q && waits_q[Master] && slave_of(masters_i[Master].addr) != '0);
    end
  end
endmodule
