// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// A map for Yosys's techmap: a cover statement as an assertion, which fails once it is reached.
(* techmap_celltype = "$cover" *)
module never_reached (
  input A,
  input EN
);
  \$assert refuted (
    .A (!A),
    .EN(EN)
  );
endmodule
