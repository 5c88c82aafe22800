// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// The Verilated SoC: clock, reset, memory back door, waveform.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "elf.hpp"
#include "waveform.hpp"

class VerilatedContext;
class Vsoc_sim;

namespace heepstor::sim {

class Model {
 public:
  // Memories and registers begin with junk determined by the seed, which is at least 1.
  explicit Model(std::uint32_t seed);
  ~Model();

  // Starts writing a waveform; throws UserError if the file can't be written.
  void Trace(const std::string& path);

  // Completes the waveform, if one is written; throws UserError if that fails.
  void CloseTrace();

  // Loads a program into main memory; throws UserError if it does not fit.
  void Load(const Elf& elf);

  // Holds the SoC in reset for a few cycles. With `boot_select`, its boot ROM then loads a program
  // over the serial line, otherwise it starts the one in main memory.
  void Reset(bool boot_select);

  // One clock cycle; `uart_rx` is the serial line's level towards the SoC.
  void Step(bool uart_rx);

  // Sets the JTAG pins towards the SoC immediately; initially the TAP is held in reset. A waveform
  // shows them as they are at the next clock edge.
  void SetJtag(bool tck, bool tms, bool tdi);
  void SetJtagReset(bool active);

  // Whether what the program prints is taken from its console, which needs no time, and not from
  // the serial line.
  void SetConsole(bool present);

  // JTAG pin from the SoC.
  bool JtagTdo() const;

  // What is observed of the SoC after a cycle.
  const Vsoc_sim& Outputs() const { return *top_; }

  // Clock cycles since reset.
  std::uint64_t Cycles() const { return cycles_; }

 private:
  void PulseReset();
  void Cycle();
  void Eval(bool clock);

  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vsoc_sim> top_;
  std::optional<Waveform> waveform_;
  std::uint64_t cycles_ = 0;
};

}  // namespace heepstor::sim
