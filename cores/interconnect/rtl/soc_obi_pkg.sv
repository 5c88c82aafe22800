// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The on-chip bus: OBI without optional signals. A request is held until it is granted; the
/// response follows one or more cycles later, in order, and can't be stalled.
///
/// The grant is outside the structs: within a cycle, responses may lead to requests, and requests
/// to grants, which must not look like a loop.
package soc_obi_pkg;
  typedef struct packed {
    logic        req;
    logic [31:0] addr;
    logic        we;
    logic [3:0]  be;
    logic [31:0] wdata;
  } obi_req_t;

  typedef struct packed {
    logic        rvalid;
    logic [31:0] rdata;
  } obi_rsp_t;
endpackage
