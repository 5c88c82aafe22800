/// What the engine's units tell each other: one command for each stage of a descriptor, and errors.
package engine_pkg;

  /// Version of the registers and the descriptors, read back in ID.
  localparam logic [7:0] Version = 8'd1;

  typedef enum logic [7:0] {
    ErrorNone              = 8'd0,
    ErrorOperation         = 8'd1,
    ErrorAddress           = 8'd2,
    ErrorZero              = 8'd3,
    ErrorBuffer            = 8'd4,
    ErrorAccumulator       = 8'd5,
    ErrorDescriptorAddress = 8'd6,
    ErrorBusy              = 8'd7,
    ErrorChain             = 8'd8
  } error_e;

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
    logic        load;
    logic        fence;
    logic [31:0] source;
    logic [31:0] source_pitch;
    logic [15:0] rows;
    logic [15:0] words;
    logic [15:0] buffer_base;
    logic [15:0] buffer_pitch;
  } load_command_t;

  typedef struct packed {
    logic [15:0] index;
    logic [31:0] weights;
    logic [15:0] words;
    logic [15:0] tiles;
  } weight_command_t;

  typedef struct packed {
    logic [15:0] index;
    logic [15:0] reports;
    logic        report;
    logic        first;
    logic [15:0] rows;
    logic [15:0] words;
    logic [15:0] buffer_base;
    logic [15:0] buffer_pitch;
    logic [15:0] tiles;
    logic [15:0] accumulator;
    logic [15:0] columns;
  } compute_command_t;

  typedef struct packed {
    logic [15:0] index;
    logic        last;
    logic        store;
    logic [15:0] rows;
    logic [15:0] tiles;
    logic [15:0] accumulator;
    logic [31:0] parameters;
    logic [31:0] destination;
    logic [31:0] destination_pitch;
    logic [15:0] columns;
    logic [31:0] clamp_low;
    logic [31:0] clamp_high;
    logic [31:0] profile;
  } store_command_t;

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
