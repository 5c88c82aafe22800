// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The groups of results of a job in the order of store_walker, and where each goes; none if it stores
/// nothing. The walk is two groups ahead of the one that is stored: `next_i` asks for the one after it.
module store_groups
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize    = 8,
  parameter  int unsigned PortWords    = 4,
  parameter  int unsigned StoreWords   = 4,
  parameter  int unsigned BufferWords  = 65536,
  parameter  bit          Int8         = 1'b1,
  localparam int unsigned Groups       = ArraySize / PortWords,
  localparam int unsigned GroupWidth   = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int unsigned ChannelWidth = $clog2(ArraySize + 1),
  localparam int unsigned BufferWidth  = $clog2(BufferWords)
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  input  logic                    clear_i,
  input  logic                    start_i,
  input  store_command_t          command_i,
  output logic                    valid_o,
  input  logic                    next_i,
  // The group: its part in the loops, the number of its first PortWords channels, its channels, and
  // its words with their places
  output logic                    second_o,
  output logic [GroupWidth-1:0]   group_o,
  output logic [ChannelWidth-1:0] channels_o,
  output logic [StoreWords-1:0]   mask_o,
  output logic [31:0]             address_o,
  output logic [BufferWidth-1:0]  buffer_word_o,
  output logic                    beyond_o,  // the buffer
  output logic                    empty_o,
  output ends_t                   ends_o
);
  localparam int unsigned WordWidth = $clog2(StoreWords + 1);

  typedef struct packed {
    logic                    second;
    logic [GroupWidth-1:0]   group;
    logic [ChannelWidth-1:0] channels;
    logic [StoreWords-1:0]   mask;
    logic [31:0]             address;
    logic [BufferWidth-1:0]  buffer_word;
    logic                    beyond;
    logic                    empty;
    ends_t                   ends;
  } group_t;

  logic                  walking_q;
  logic                  ready;
  logic                  walk;
  logic                  last;
  logic [WordWidth-1:0]  words;
  logic [PlaceWidth-1:0] place;
  logic [PlaceWidth-1:0] place_behind;  // the last word; the buffer's size is a power of two
  group_t                ahead;

  assign walk = walking_q && ready;

  store_walker #(
    .ArraySize (ArraySize),
    .PortWords (PortWords),
    .StoreWords(StoreWords),
    .Int8      (Int8)
  ) u_walker (
    .clk_i,
    .start_i,
    .command_i,
    .base_i    (command_i.destination),
    .wide_i    (command_i.wide),
    .next_i    (walk),
    .second_o  (ahead.second),
    .group_o   (ahead.group),
    .channels_o(ahead.channels),
    .words_o   (words),
    .mask_o    (ahead.mask),
    .address_o (ahead.address),
    .empty_o   (ahead.empty),
    .ends_o    (ahead.ends),
    .last_o    (last)
  );

  store_places #(
    .ArraySize(ArraySize),
    .PortWords(PortWords),
    .Int8     (Int8)
  ) u_places (
    .clk_i,
    .start_i,
    .command_i,
    .step_i  (walk),
    .second_i(ahead.second),
    .group_i (ahead.group),
    .ends_i  (ahead.ends),
    .word_o  (place)
  );

  assign place_behind      = place + PlaceWidth'(words);
  assign ahead.beyond      = command_i.to_buffer && place_behind > PlaceWidth'(BufferWords);
  assign ahead.buffer_word = place[BufferWidth-1:0];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) walking_q <= 1'b0;
    else if (clear_i) walking_q <= 1'b0;
    else if (start_i) walking_q <= command_i.to_memory || command_i.to_buffer;
    else if (walk && last) walking_q <= 1'b0;
  end

  group_t group;

  skid_register #(
    .Width($bits(group_t))
  ) u_group (
    .clk_i,
    .rst_ni,
    .clear_i,
    .valid_i(walking_q),
    .ready_o(ready),
    .data_i (ahead),
    .valid_o,
    .ready_i(next_i),
    .data_o (group)
  );

  assign second_o      = group.second;
  assign group_o       = group.group;
  assign channels_o    = group.channels;
  assign mask_o        = group.mask;
  assign address_o     = group.address;
  assign buffer_word_o = group.buffer_word;
  assign beyond_o      = group.beyond;
  assign empty_o       = group.empty;
  assign ends_o        = group.ends;
endmodule
