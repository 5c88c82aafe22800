// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// What the engine's units tell each other: one command for each stage of a descriptor, and errors.
package engine_pkg;
  import engine_descriptor_pkg::*;

  /// Counts the runs that a slice has crossed into.
  localparam int unsigned CrossingWidth = $clog2(MostCrossings + 1);

  /// Holds any word of the buffer that exists, and one a step or a group further.
  localparam int unsigned PlaceWidth = 18;

  /// Words that the store path writes to the activation buffer in a cycle if nothing of it goes
  /// through the memory port. A position of a tile then takes two cycles or more, as with fewer
  /// columns anyway: about as long as computing it from the fewest slices.
  function automatic int unsigned store_words(int unsigned array_size, int unsigned port_words);
    return (array_size > 2 * port_words) ? 2 * port_words : port_words;
  endfunction

  /// Rows of a kernel that an INT8 depthwise job reads at once. Each has KernelColumns rows of the
  /// array.
  function automatic int unsigned kernel_rows(int unsigned array_size);
    return (array_size >= 12) ? 3 : array_size / 4;
  endfunction
  localparam int unsigned KernelColumns = 3;

  /// Groups of lanes in which the activation buffer's reads of an INT8 job are laid out.
  localparam int unsigned LaneGroups = 4;

  /// Channels of INT8 results that are stored in a cycle: all of a tile, or as many as go through
  /// the memory port.
  function automatic int unsigned integer_channels(int unsigned array_size, int unsigned port_words);
    return (array_size < 4 * port_words) ? array_size : 4 * port_words;
  endfunction

  /// An error, and the place in the chain of the descriptor that caused it.
  typedef struct packed {
    logic        valid;
    error_e      code;
    logic [15:0] index;
  } error_t;

  /// A descriptor reports when it stores, writes a profile or ends the chain; only those go through
  /// the store path. `reports` counts the reporting descriptors before this one.
  typedef struct packed {
    logic [15:0] index;
    logic [15:0] reports;
    fence_e      fence;
    logic        load;
    logic        fill;
    logic [31:0] source;
    logic [31:0] row_pitch;     // bytes in memory
    logic [31:0] column_pitch;
    logic [15:0] rows;
    logic [15:0] columns;
    logic [15:0] words;         // of each column
    logic [15:0] pitch;         // words between rows in the buffer
    logic [15:0] gap;           // words between the end of a row and the next one
    logic [15:0] base;
    logic [15:0] head;
    logic [15:0] tail;
    logic [31:0] fill_value;
  } load_command_t;

  /// Slices are counted as `runs` runs of `words` activations, each cut into slices of its own; a
  /// depthwise stream has runs of one slice.
  typedef struct packed {
    logic [15:0] index;
    logic        diagonal;
    logic        int4;
    logic [31:0] weights;
    logic [31:0] words;
    logic [31:0] runs;
    logic [15:0] tiles;
    logic [ 7:0] last_columns;  // of the last tile
  } weight_command_t;

  typedef struct packed {
    logic [15:0] index;
    logic [15:0] reports;
    logic        report;
    operation_e  operation;
    logic        int8;
    logic        pairs;
    logic [ 1:0] second_group;  // lanes of a pair's second activation
    logic [15:0] group_skip;    // words that are left out between groups of lanes
    logic [15:0] column_pitch;  // words between columns that an INT8 depthwise job reads
    logic [ 7:0] column_stride;
    logic        first;
    logic        span;
    logic [15:0] base;
    logic [15:0] accumulator;
    logic [15:0] step_x;
    logic [15:0] step_y;
    logic [15:0] columns;       // output positions
    logic [15:0] rows;
    logic [15:0] run;
    logic [31:0] span_words;    // of all runs
    logic [15:0] runs_x;
    logic [15:0] runs_y;
    logic [15:0] run_pitch_x;
    logic [15:0] run_pitch_y;
    logic [15:0] tiles;
    logic [15:0] channels;
  } compute_command_t;

  typedef struct packed {
    logic [15:0] index;
    logic [31:0] address;          // of the descriptor
    logic        last;
    logic        to_memory;
    logic        to_buffer;
    logic        int8;
    logic        pairs;
    logic        ties_even;
    logic [ 7:0] zero_point;
    logic [ 7:0] integer_low;
    logic [ 7:0] integer_high;
    logic [31:0] pair_bytes;       // from a pair's first result to the second one
    logic [PlaceWidth-1:0] pair_words;
    logic        residual;         // an operand is read
    logic        scales_only;
    logic        apply_table;
    logic        load_table;
    factor_e     factor;
    logic [ 3:0] table_reach;
    logic [ 4:0] table_fraction;
    logic [31:0] coefficients;
    logic        wide;             // all lanes work
    logic [15:0] tiles;
    logic [ 7:0] last_columns;     // of the last tile
    logic [15:0] channels;
    logic [15:0] accumulator;
    logic [15:0] entries;          // of each tile
    logic [15:0] entry_pitch;      // entries between rows of positions
    logic [15:0] columns;          // stored positions
    logic [15:0] rows;
    logic [ 7:0] window_columns;
    logic [ 7:0] window_rows;
    logic [31:0] parameters;
    logic [31:0] destination;
    logic [31:0] residual_address;
    logic [31:0] pitch_x;          // bytes, of destination and residual operand
    logic [31:0] pitch_y;
    logic [15:0] buffer_base;
    logic [15:0] buffer_step_x;    // words
    logic [15:0] buffer_step_y;
    logic [31:0] clamp_low;
    logic [31:0] clamp_high;
    logic [31:0] slope;
    logic [31:0] profile;
  } store_command_t;

  /// What the results that are stored in a cycle are the last ones of: their position (both positions of
  /// a pair), its row, its tile.
  typedef struct packed {
    logic position;
    logic row;
    logic tile;
  } ends_t;

  /// One bit for each kind of command.
  typedef struct packed {
    logic load;
    logic weight;
    logic compute;
    logic store;
  } stages_t;

  /// The commands of one descriptor, or those in front of the stages.
  typedef struct packed {
    load_command_t    load;
    weight_command_t  weight;
    compute_command_t compute;
    store_command_t   store;
  } commands_t;

  /// Clients of the memory port, highest priority first. Activations that the array waits for come
  /// before weights, which throttle themselves by a small FIFO, and which wait if results wait for
  /// parameters; storing frees the accumulators; activations of the next descriptor are needed
  /// last.
  typedef enum logic [2:0] {
    ClientFetch      = 3'd0,
    ClientLoadNow    = 3'd1,
    ClientWeights    = 3'd2,
    ClientParameters = 3'd3,
    ClientResidual   = 3'd4,
    ClientWrite      = 3'd5,
    ClientLoadAhead  = 3'd6
  } client_e;
  localparam int unsigned Clients = 7;

  /// Requests that are granted and not answered, at most: those of memory and the ones in the port's
  /// registers. What goes with them has so many places, a power of two.
  localparam int unsigned MaxOutstanding    = 7;
  localparam int unsigned OutstandingPlaces = 8;

  /// Why no slice enters the array in a cycle: at most one bit is set.
  typedef struct packed {
    logic descriptor;
    logic activations;
    logic weights;
    logic accumulator;
    logic store;
  } waits_t;

  /// Counters since the doorbell, in the order of the registers and of the profile in memory.
  typedef struct packed {
    logic [31:0] macs;
    logic [31:0] bus_stalls;
    logic [31:0] wait_store;
    logic [31:0] wait_accumulator;
    logic [31:0] wait_weights;
    logic [31:0] wait_activations;
    logic [31:0] wait_descriptor;
    logic [31:0] busy;
    logic [31:0] cycles;
  } counters_t;
endpackage
