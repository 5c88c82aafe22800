// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// The waveform of a simulation: a complete FST file, or an error.
#pragma once

#include <cstdint>
#include <string>

#include "Vsoc_sim.h"
#include "verilated_fst_c.h"

namespace heepstor::sim {

class Waveform {
 public:
  // Throws UserError if the file can't be written.
  Waveform(const std::string& path, VerilatedContext& context, Vsoc_sim& top);

  // Adds the current values of the signals. Ends the process with a message if writing fails.
  void Dump(std::uint64_t time);

  // Completes the file; throws UserError if that fails.
  void Close();

 private:
  std::string path_;
  VerilatedFstC writer_;
};

}  // namespace heepstor::sim
