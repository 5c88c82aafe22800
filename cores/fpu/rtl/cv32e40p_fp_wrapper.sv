// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Floating-point unit with the name and ports that the cv32e40p instantiates: CVFPU for FP32.
///
/// The wrapper that comes with the CPU puts all pipeline registers after the result and relies on
/// retiming, which not every synthesis tool does. Here they are in the middle of the
/// multiplier-adder, which would otherwise limit the clock of the whole SoC.
module cv32e40p_fp_wrapper
  import cv32e40p_apu_core_pkg::*;
#(
  /// Pipeline registers of addition and multiplication.
  parameter int unsigned FPU_ADDMUL_LAT = 0,
  /// Pipeline registers of comparison and conversion.
  parameter int unsigned FPU_OTHERS_LAT = 0
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic                               apu_req_i,
  output logic                               apu_gnt_o,
  input  logic [APU_NARGS_CPU-1:0][31:0]     apu_operands_i,
  input  logic [APU_WOP_CPU-1:0]             apu_op_i,
  input  logic [APU_NDSFLAGS_CPU-1:0]        apu_flags_i,

  output logic                               apu_rvalid_o,
  output logic [31:0]                        apu_rdata_o,
  output logic [APU_NUSFLAGS_CPU-1:0]        apu_rflags_o
);
  localparam fpnew_pkg::fpu_features_t Features = '{
    Width:         32,
    EnableVectors: 1'b0,
    EnableNanBox:  1'b0,
    FpFmtMask:     5'b10000,
    IntFmtMask:    4'b0010
  };

  // Division and square root are iterative, followed by one register.
  localparam fpnew_pkg::fpu_implementation_t Implementation = '{
    PipeRegs: '{
      '{default: FPU_ADDMUL_LAT},
      '{default: 1},
      '{default: FPU_OTHERS_LAT},
      '{default: FPU_OTHERS_LAT}
    },
    UnitTypes: '{
      '{default: fpnew_pkg::MERGED},
      '{default: fpnew_pkg::MERGED},
      '{default: fpnew_pkg::PARALLEL},
      '{default: fpnew_pkg::MERGED}
    },
    PipeConfig: fpnew_pkg::DISTRIBUTED
  };

  // As packed by the CPU's decoder.
  typedef struct packed {
    logic                  is_vector;
    logic                  modifier;
    fpnew_pkg::operation_e operation;
  } command_t;

  typedef struct packed {
    fpnew_pkg::int_format_e integer_format;
    fpnew_pkg::fp_format_e  source_format;
    fpnew_pkg::fp_format_e  result_format;
    fpnew_pkg::roundmode_e  rounding;
  } flags_t;

  command_t command;
  flags_t   flags;

  assign command = command_t'(apu_op_i);
  assign flags   = flags_t'(apu_flags_i[$bits(flags_t)-1:0]);

  fpnew_top #(
    .Features      (Features),
    .Implementation(Implementation),
    .PulpDivsqrt   (1'b0),
    .TagType       (logic)
  ) u_fpu (
    .clk_i,
    .rst_ni,
    .operands_i    (apu_operands_i),
    .rnd_mode_i    (flags.rounding),
    .op_i          (command.operation),
    .op_mod_i      (command.modifier),
    .src_fmt_i     (flags.source_format),
    .dst_fmt_i     (flags.result_format),
    .int_fmt_i     (flags.integer_format),
    .vectorial_op_i(command.is_vector),
    .tag_i         (1'b0),
    .simd_mask_i   (1'b0),
    .in_valid_i    (apu_req_i),
    .in_ready_o    (apu_gnt_o),
    .flush_i       (1'b0),
    .result_o      (apu_rdata_o),
    .status_o      (apu_rflags_o),
    .tag_o         (),
    .out_valid_o   (apu_rvalid_o),
    .out_ready_i   (1'b1),
    .busy_o        ()
  );

  logic unused_flags;
  assign unused_flags = ^apu_flags_i[APU_NDSFLAGS_CPU-1:$bits(flags_t)];
endmodule
