// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Proof of port_arbiter: what clients are granted reaches memory once, in order and unaltered, or
/// raises one error; answers go to the client that asked, in order.
///
/// It looks at the ports alone. One granted request, chosen by `tag_i`, is followed from its grant
/// to its answer; those ahead of it are counted. Clients ask as they like, memory grants as it
/// likes, and answers nothing that it was not sent. When the engine is halted, a request that was
/// granted and not passed on to the places from which requests are sent is dropped.
module port_arbiter_proof #(
  parameter int unsigned Clients     = 3,
  parameter int unsigned PortWords   = 2,
  parameter logic [31:0] MemoryBase  = 32'h8000_0000,
  parameter int unsigned MemoryBytes = 32'h000c_0000
) (
  input logic                              clk_i,
  input logic                              tag_i,
  input logic                              halt_i,
  input logic [Clients-1:0]                client_req_i,
  input logic [Clients-1:0][31:0]          client_addr_i,
  input logic [Clients-1:0]                client_we_i,
  input logic [Clients-1:0][PortWords-1:0] client_mask_i,
  input logic [PortWords-1:0][31:0]        client_wdata_i,
  input logic                              port_gnt_i,
  input logic                              port_rvalid_i
);
  localparam int unsigned ClientWidth = $clog2(Clients);
  localparam int unsigned MaxAnswers  = 4;  // that memory owes
  localparam int unsigned Patience    = 3;  // cycles in which memory would take a request
  localparam int unsigned Places      = 2;  // of requests that are sent next

  typedef logic [2:0] count_t;

  typedef struct packed {
    logic [31:0]                addr;
    logic                       we;
    logic [PortWords-1:0]       mask;
    logic [PortWords-1:0][31:0] wdata;
  } request_t;

  logic rst_n = 1'b0;

  always_ff @(posedge clk_i) rst_n <= 1'b1;

  logic                       idle, stall, error;
  logic [ClientWidth-1:0]     error_client;
  logic [Clients-1:0]         client_gnt, client_rvalid;
  logic                       port_req;
  request_t                   sent;

  port_arbiter #(
    .Clients    (Clients),
    .PortWords  (PortWords),
    .MemoryBase (MemoryBase),
    .MemoryBytes(MemoryBytes)
  ) dut (
    .clk_i,
    .rst_ni         (rst_n),
    .halt_i,
    .idle_o         (idle),
    .stall_o        (stall),
    .error_o        (error),
    .error_client_o (error_client),
    .client_req_i,
    .client_addr_i,
    .client_we_i,
    .client_mask_i,
    .client_wdata_i,
    .client_gnt_o   (client_gnt),
    .client_rvalid_o(client_rvalid),
    .port_req_o     (port_req),
    .port_gnt_i,
    .port_addr_o    (sent.addr),
    .port_we_o      (sent.we),
    .port_mask_o    (sent.mask),
    .port_wdata_o   (sent.wdata),
    .port_rvalid_i
  );

  /// Whether a request must not reach memory: between words, or with a word outside.
  function automatic logic is_outside(request_t request);
    is_outside = request.addr % 4 != 0 || request.addr < MemoryBase
        || 33'(request.addr) >= 33'(MemoryBase) + 33'(2 ** $clog2(MemoryBytes));
    for (int unsigned i = 0; i < PortWords; i++) begin
      if (request.mask[i] && 33'(request.addr) + 33'(4 * i) >= 33'(MemoryBase) + 33'(MemoryBytes))
        is_outside = 1'b1;
    end
  endfunction

  // What happens in this cycle.
  logic [ClientWidth-1:0] client;
  request_t               granted;
  logic                   grant, grant_outside, send;

  always_comb begin
    client = '0;
    for (int unsigned i = 0; i < Clients; i++) if (client_gnt[i]) client = ClientWidth'(i);
  end

  assign granted = '{
      addr: client_addr_i[client],
      we: client_we_i[client],
      mask: client_mask_i[client],
      wdata: client_wdata_i
  };
  assign grant         = client_gnt != '0;
  assign grant_outside = grant && is_outside(granted);
  assign send          = port_req && port_gnt_i;

  // The newest request, until it has a place among those that are sent next, is refused, or dropped.
  logic   newest_q = 1'b0, newest_outside_q;
  count_t placed_q = '0;
  logic   leaves, drop;

  assign leaves = newest_q && placed_q < count_t'(Places);
  assign drop   = leaves && halt_i && !newest_outside_q;

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      newest_q <= grant || (newest_q && !leaves);
      if (grant) newest_outside_q <= grant_outside;
      placed_q <= placed_q + count_t'(leaves && !newest_outside_q && !drop) - count_t'(send);
    end
  end

  // Requests under way: to be sent, to be refused, to be answered.
  count_t sends_q = '0, errors_q = '0, answers_q = '0;

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      sends_q   <= sends_q + count_t'(grant && !grant_outside) - count_t'(send)
          - count_t'(drop);
      errors_q  <= errors_q + count_t'(grant_outside) - count_t'(error);
      answers_q <= answers_q + count_t'(send) - count_t'(port_rvalid_i);
    end
  end

  // The tagged request: where it is, and how many are ahead of it there.
  typedef enum logic [1:0] {None, ToSend, ToRefuse, ToAnswer} place_e;

  place_e                 place_q = None;
  count_t                 ahead_q;
  request_t               tagged_q;
  logic [ClientWidth-1:0] client_q;
  logic                   step;
  logic                   tagged_is_newest_q = 1'b0;

  always_comb begin
    unique case (place_q)
      ToSend:   step = send;
      ToRefuse: step = error;
      ToAnswer: step = port_rvalid_i;
      default:  step = 1'b0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      tagged_is_newest_q <= grant ? place_q == None && tag_i : tagged_is_newest_q;
      if (drop && tagged_is_newest_q && place_q == ToSend) begin
        place_q <= None;
      end else if (place_q == None && grant && tag_i) begin
        place_q  <= grant_outside ? ToRefuse : ToSend;
        ahead_q  <= grant_outside ? errors_q - count_t'(error) : sends_q - count_t'(send);
        tagged_q <= granted;
        client_q <= client;
      end else if (step && ahead_q != 0) begin
        ahead_q <= ahead_q - 1'b1;
      end else if (step) begin
        place_q <= (place_q == ToSend) ? ToAnswer : None;
        ahead_q <= answers_q - count_t'(port_rvalid_i);
      end
    end
  end

  // How long something could have gone on and did not.
  logic   can_send;
  count_t sending_q = '0, refusing_q = '0, granting_q = '0;

  assign can_send = port_gnt_i && answers_q < count_t'(MaxAnswers);

  always_ff @(posedge clk_i) begin
    if (!rst_n || send || sends_q == 0) sending_q <= '0;
    else if (can_send) sending_q <= sending_q + 1'b1;
    if (!rst_n || error || errors_q == 0) refusing_q <= '0;
    else if (can_send) refusing_q <= refusing_q + 1'b1;
    if (!rst_n || grant || halt_i || client_req_i == '0) granting_q <= '0;
    else if (can_send) granting_q <= granting_q + 1'b1;
  end

  logic refusing_next_q = 1'b0;

  always_ff @(posedge clk_i) refusing_next_q <= rst_n && grant;

  request_t waiting_q;
  logic     waits_q = 1'b0;

  always_ff @(posedge clk_i) begin
    waits_q   <= rst_n && port_req && !port_gnt_i;
    waiting_q <= sent;
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      memory_answers_what_it_was_sent : assume (!port_rvalid_i || answers_q != 0);

      grant_was_requested : assert ((client_gnt & ~client_req_i) == '0);
      grant_is_the_first : assert (!grant || client_gnt == (client_req_i & -client_req_i));
      no_grant_while_halted : assert (!halt_i || !grant);
      stall_is_a_wait : assert (stall == (client_req_i != '0 && !halt_i && !grant));

      nothing_is_sent_twice : assert (!send || sends_q != 0);
      nothing_is_refused_twice : assert (!error || errors_q != 0);
      sent_is_inside : assert (!port_req || !is_outside(sent));
      request_is_held : assert (!waits_q || (port_req && sent == waiting_q));
      sent_as_granted : assert (!(place_q == ToSend && ahead_q == 0 && send) || sent == tagged_q);
      refused_at_once : assert (error == (refusing_next_q && newest_outside_q));
      refused_names_the_client :
      assert (!(place_q == ToRefuse && ahead_q == 0 && error) || error_client == client_q);
      answer_goes_to_the_client :
      assert (!(place_q == ToAnswer && ahead_q == 0 && port_rvalid_i)
          || client_rvalid == Clients'(1) << client_q);
      one_answer_each : assert ($countones(client_rvalid) == 32'(port_rvalid_i));
      idle_is_nothing_under_way : assert (idle == (sends_q == 0 && errors_q == 0 && answers_q == 0 && !newest_q));

      sends_go_on : assert (sending_q < count_t'(Patience));
      refusals_go_on : assert (refusing_q < count_t'(Patience));
      grants_go_on : assert (granting_q < count_t'(Patience));

      full_and_refused : cover (place_q == ToAnswer && ahead_q == 0 && port_rvalid_i
          && answers_q == count_t'(MaxAnswers) && errors_q != 0);
    end
  end
endmodule
