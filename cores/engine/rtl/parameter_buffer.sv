// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Scales and biases of the output tile that is being stored, and of the next one.
///
/// Memory holds ArraySize scales and then as many biases for each tile, or scales alone, with which
/// biases mean nothing; of the last one it holds `last_columns_i` of both, in whole lines. INT8
/// jobs have arrays of multipliers, biases and offsets. Those that add an operand have parameters of
/// the addition in front of all tiles: a line of each array and one of `summand_o` (the upper 18
/// bits and the lowest byte of a word), each of one word and its copies.
///
/// Tiles are fetched in order, at most two ahead of `release_i`, which gives up the oldest one.
/// Words behind PortWords belong to the groups after `group_i`. Biases come a cycle after `group_i`,
/// scales or multipliers two cycles after it and offsets three, even if the tile has been released by
/// then. `addition_i` comes with the bias of an addition, for all lanes; its multiplier and its offset
/// come in the cycles after that.
module parameter_buffer
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize  = 8,
  parameter  int unsigned PortWords  = 4,
  parameter  int unsigned Lanes      = 8,  // words that are read at once
  parameter  bit          Int8       = 1'b1,
  localparam int unsigned Groups     = ArraySize / PortWords,
  localparam int unsigned GroupWidth = (Groups > 1) ? $clog2(Groups) : 1
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  logic                        clear_i,
  // Tiles to fetch
  input  logic                        start_i,
  input  logic [31:0]                 address_i,
  input  logic [15:0]                 tiles_i,
  input  logic [7:0]                  last_columns_i,
  input  logic                        scales_only_i,
  input  logic                        integer_i,
  input  logic                        adds_i,
  // Memory
  output logic                        req_o,
  output logic [31:0]                 addr_o,
  output logic [PortWords-1:0]        mask_o,
  input  logic                        gnt_i,
  input  logic                        rvalid_i,
  input  logic [PortWords-1:0][31:0]  rdata_i,
  // The oldest tile
  output logic                        ready_o,
  input  logic                        release_i,
  input  logic [GroupWidth-1:0]       group_i,
  input  logic                        addition_i,
  output logic [25:0]                 summand_o,
  output logic [Lanes-1:0][31:0]      scale_o,
  output logic [Lanes-1:0][31:0]      bias_o,
  output logic [Lanes-1:0][31:0]      offset_o
);
  localparam int unsigned Places     = 2 * Groups + (Int8 ? 1 : 0);
  localparam int unsigned IndexWidth = $clog2(Places);
  localparam int unsigned LineWords  = 4;
  localparam int unsigned LineBeats  = (LineWords + PortWords - 1) / PortWords;
  // Beats in front of all tiles: of four lines.
  localparam int unsigned FrontBeats = 4 * LineBeats;
  localparam int unsigned FrontWidth = $clog2(FrontBeats + 1);

  /// Where a group of a tile lies.
  function automatic logic [IndexWidth-1:0] place(logic tile, logic [GroupWidth-1:0] group);
    return (tile ? IndexWidth'(Groups) : '0) + IndexWidth'(group);
  endfunction

  logic [31:0]           address_q;
  logic                  requesting_q;  // there is one
  logic                  last_tile;  // it is the last one
  logic [GroupWidth-1:0] request_q;
  logic [1:0]            request_array_q;
  logic                  request_tile_q;
  logic [GroupWidth-1:0] response_q;
  logic [1:0]            response_array_q;
  logic                  write_tile_q;
  logic                  read_tile_q;
  logic [1:0]            last_tile_q;  // whether the tile in either place is the last one
  logic [1:0]            claimed_q;  // tiles that have or will have a place
  logic [1:0]            filled_q;  // tiles that are complete
  logic                  request_wrap;
  logic                  request_end;
  logic                  response_wrap;
  logic                  response_end;
  logic [1:0]            last_array_q;
  logic [7:0]            last_lines;  // of an array of the last tile
  logic [GroupWidth-1:0] last_group_q;  // of the last tile
  logic                  last_half_q;  // it has half a beat of a wide port
  logic [FrontWidth-1:0] front_requests_q;  // of the addition, still to come
  logic [FrontWidth-1:0] front_responses_q;
  logic                  front_request;
  logic                  front_response;

  // Of the command, known a cycle after its start, before anything is requested.
  assign last_lines = (last_columns_i + 8'd3) >> 2;

  always_ff @(posedge clk_i) begin
    last_array_q <= (Int8 && integer_i) ? 2'd2 : scales_only_i ? 2'd0 : 2'd1;
    last_group_q <= GroupWidth'((32'(last_lines) * LineWords + PortWords - 1) / PortWords - 1);
    last_half_q  <= last_lines[0];
  end

  assign front_request  = Int8 && front_requests_q != '0;
  assign front_response = Int8 && front_responses_q != '0;

  /// Whether a group is the last of its tile.
  function automatic logic is_last(logic [GroupWidth-1:0] group, logic of_last_tile);
    return group == (of_last_tile ? last_group_q : GroupWidth'(Groups - 1));
  endfunction

  assign request_wrap  = is_last(request_q, last_tile);
  assign request_end   = gnt_i && !front_request && request_wrap && request_array_q == last_array_q;
  assign response_wrap = is_last(response_q, last_tile_q[write_tile_q]);
  assign response_end  = rvalid_i && !front_response && response_wrap
      && response_array_q == last_array_q;
  assign req_o         = requesting_q && !claimed_q[1];
  assign addr_o        = address_q;

  // A wide port reads half of what follows the last line of an array, or a line in front.
  logic half;

  assign half = front_request || (request_wrap && last_tile && last_half_q);

  always_comb begin
    mask_o = '1;
    for (int unsigned i = LineWords; i < PortWords; i++) mask_o[i] = !half;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      requesting_q      <= 1'b0;
      request_q         <= '0;
      request_array_q   <= '0;
      front_requests_q  <= '0;
      front_responses_q <= '0;
      request_tile_q    <= 1'b0;
      response_q        <= '0;
      response_array_q  <= '0;
      write_tile_q      <= 1'b0;
      read_tile_q       <= 1'b0;
      claimed_q         <= '0;
      filled_q          <= '0;
      ready_o           <= 1'b0;
    end else if (clear_i) begin
      requesting_q      <= 1'b0;
      request_q         <= '0;
      request_array_q   <= '0;
      front_requests_q  <= '0;
      front_responses_q <= '0;
      request_tile_q    <= 1'b0;
      response_q        <= '0;
      response_array_q  <= '0;
      write_tile_q      <= 1'b0;
      read_tile_q       <= 1'b0;
      claimed_q         <= '0;
      filled_q          <= '0;
      ready_o           <= 1'b0;
    end else begin
      if (start_i) front_requests_q <= (integer_i && adds_i) ? FrontWidth'(FrontBeats) : '0;
      else if (gnt_i && front_request) front_requests_q <= front_requests_q - 1'b1;
      if (start_i) front_responses_q <= (integer_i && adds_i) ? FrontWidth'(FrontBeats) : '0;
      else if (rvalid_i && front_response) front_responses_q <= front_responses_q - 1'b1;
      if (start_i) requesting_q <= 1'b1;
      else if (request_end && last_tile) requesting_q <= 1'b0;
      if (gnt_i && !front_request) begin
        request_q <= request_wrap ? '0 : request_q + 1'b1;
        if (request_end) request_array_q <= '0;
        else if (request_wrap) request_array_q <= request_array_q + 1'b1;
      end
      if (rvalid_i && !front_response) begin
        response_q <= response_wrap ? '0 : response_q + 1'b1;
        if (response_end) response_array_q <= '0;
        else if (response_wrap) response_array_q <= response_array_q + 1'b1;
      end
      if (request_end) request_tile_q <= ~request_tile_q;
      if (response_end) write_tile_q <= ~write_tile_q;
      if (release_i) read_tile_q <= ~read_tile_q;
      claimed_q <= claimed_q + 2'(request_end) - 2'(release_i);
      filled_q  <= filled_q + 2'(response_end) - 2'(release_i);
      ready_o   <= response_end || filled_q[1] || (filled_q[0] && !release_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) address_q <= address_i;
    else if (gnt_i) begin
      address_q <= address_q
          + ((PortWords > LineWords && half) ? 32'(4 * LineWords) : 32'(4 * PortWords));
    end
    if (gnt_i) last_tile_q[request_tile_q] <= last_tile;
  end

  loop_counter u_tiles (
    .clk_i,
    .step_i (start_i || request_end),
    .begin_i(start_i),
    .turns_i(tiles_i),
    .last_o (last_tile)
  );

  logic [PortWords-1:0][31:0] scale[Places];
  logic [PortWords-1:0][31:0] bias [Places];
  logic [PortWords-1:0][31:0] written;
  logic [IndexWidth-1:0]      write_place;
  logic [1:0]                 written_array;

  // The addition has the place behind the tiles'. Its lines come in the order of the arrays.
  if (Int8) begin : gen_front
    assign write_place   = front_response ? IndexWidth'(2 * Groups)
        : place(write_tile_q, response_q);
    assign written_array = front_response
        ? 2'((FrontBeats - 32'(front_responses_q)) / LineBeats) : response_array_q;
  end else begin : gen_no_front
    assign write_place   = place(write_tile_q, response_q);
    assign written_array = response_array_q;
  end

  // A wide port's upper half has a copy of a line in front, too.
  if (Int8 && PortWords > LineWords) begin : gen_copies
    assign written = {front_response ? rdata_i[LineWords-1:0] : rdata_i[PortWords-1:LineWords],
                      rdata_i[LineWords-1:0]};
  end else begin : gen_no_copies
    assign written = rdata_i;
  end

  always_ff @(posedge clk_i) begin
    if (rvalid_i && written_array == 2'd0) scale[write_place] <= written;
    if (rvalid_i && written_array == 2'd1) bias[write_place] <= written;
  end

  // Where the group lies, a cycle later and up to three. By then another tile may have been
  // requested for the place of a released one, but its offsets, the last of its arrays, have not
  // come.
  logic [2:0][IndexWidth-1:0] read_place_q;

  always_ff @(posedge clk_i) read_place_q <= {read_place_q[1:0], place(read_tile_q, group_i)};

  /// The place of a group behind another one, or that of the addition.
  function automatic logic [IndexWidth-1:0] behind(
    logic [IndexWidth-1:0] first, logic [IndexWidth-1:0] group, logic addition
  );
    return (Int8 && addition) ? IndexWidth'(2 * Groups) : first + group;
  endfunction

  for (genvar g = 0; g < Lanes / PortWords; g++) begin : gen_group
    logic [IndexWidth-1:0] read_place;

    // An addition's multiplier follows its bias by a cycle.
    assign read_place = behind(read_place_q[0], IndexWidth'(g), addition_i);
    assign bias_o[g*PortWords+:PortWords] = bias[read_place];

    always_ff @(posedge clk_i) scale_o[g*PortWords+:PortWords] <= scale[read_place];
  end

  if (Int8) begin : gen_integer
    logic [PortWords-1:0][31:0] offset[Places];
    logic [25:0]                summand_q;

    always_ff @(posedge clk_i) begin
      if (rvalid_i && written_array == 2'd2) offset[write_place] <= written;
      if (rvalid_i && written_array == 2'd3) summand_q <= {written[0][31:14], written[0][7:0]};
    end

    assign summand_o = summand_q;

    logic [1:0] addition_q;

    always_ff @(posedge clk_i) addition_q <= {addition_q[0], addition_i};

    for (genvar g = 0; g < Lanes / PortWords; g++) begin : gen_late_group
      logic [IndexWidth-1:0] read_place;

      assign read_place = behind(read_place_q[2], IndexWidth'(g), addition_q[1]);
      assign offset_o[g*PortWords+:PortWords] = offset[read_place];
    end
  end else begin : gen_no_integer
    logic unused;

    assign unused    = ^read_place_q[2];
    assign offset_o  = '0;
    assign summand_o = '0;
  end

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      req_o && !gnt_i && !clear_i |=> req_o && $stable(addr_o))
  else $error("a request changes before its grant");

  released_when_ready :
  assert property (@(posedge clk_i) disable iff (!rst_ni) release_i && !clear_i |-> ready_o)
  else $error("a tile is released that is not there");

  tiles_in_bounds :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      filled_q <= claimed_q && claimed_q <= 2'd2)
  else $error("more tiles are held than there is place for");

  started_when_idle :
  assert property (@(posedge clk_i) disable iff (!rst_ni) start_i |-> !requesting_q)
  else $error("started before all tiles were fetched");
`endif
endmodule
