// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// The simulator: runs a program on the Verilated SoC.

#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>

#include "Vsoc_sim.h"
#include "elf.hpp"
#include "hang_detector.hpp"
#include "heepstor_config.hpp"
#include "jtag_port.hpp"
#include "model.hpp"
#include "options.hpp"
#include "pseudo_terminal.hpp"
#include "result.hpp"
#include "uart.hpp"

namespace heepstor::sim {
namespace {

volatile std::sig_atomic_t interrupted = 0;

// Returns a source of the bytes of a file; "-" is standard input.
UartTransmitter::Source BytesOf(const std::string& path, std::ifstream& file) {
  if (path == "-") return [] { return std::cin.get(); };
  file.open(path, std::ios::binary);
  if (!file) throw UserError("cannot read " + path + " for the serial line");
  return [&file] { return file.get(); };
}

class Simulation {
 public:
  Simulation(const Options& options, Model& model)
      : options_(options), model_(model), hang_(options.hang_cycles), transmitter_(UartSource()) {}

  // Runs until the program ends or is stopped.
  Result Run() {
    const auto start = std::chrono::steady_clock::now();
    if (options_.jtag) jtag_.emplace(*options_.jtag);
    std::fprintf(stderr, "simulator: seed %" PRIu32 "\n", options_.seed);
    // Whoever is at the other end of the serial line expects the text there.
    model_.SetConsole(!terminal_ && !options_.loader);
    model_.Reset(options_.loader);
    result_.end = Loop();
    result_.program_exit_code = model_.Outputs().exit_code_o;
    result_.cycles = model_.Cycles();
    result_.pc = model_.Outputs().pc_o;
    result_.sleeping = model_.Outputs().sleeping_o;
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    result_.wall_seconds = wall.count();
    if (result_.end == End::kExit) DrainUart();
    std::fflush(stdout);
    return result_;
  }

 private:
  // The source of what is sent to the SoC's serial line; empty if nothing is.
  UartTransmitter::Source UartSource() {
    if (!options_.uart_input.empty()) return BytesOf(options_.uart_input, uart_file_);
    if (options_.uart_pty.empty()) return nullptr;
    terminal_.emplace(options_.uart_pty);
    return [this] {
      terminal_->Flush();
      return terminal_->Get();
    };
  }

  End Loop() {
    const Vsoc_sim& seen = model_.Outputs();
    while (options_.loader || !seen.exit_valid_o || IsDebugged()) {
      Step();
      result_.instructions += seen.retired_o;
      const bool hangs = hang_.Step({seen.retired_o != 0, seen.active_o != 0, seen.pc_o});
      if (hangs && !terminal_ && !jtag_) return End::kHang;
      if (model_.Cycles() == options_.max_cycles) return End::kMaxCycles;
      if (interrupted) return End::kInterrupted;
    }
    return End::kExit;
  }

  // When the program writes its exit code, its last output is still in transit.
  void DrainUart() {
    const std::uint64_t bit = model_.Outputs().uart_divider_o;
    const std::uint64_t frame = 10 * bit;
    const std::uint64_t limit = model_.Cycles() + frame * (config::kUartFifoDepth + 2);
    while (!model_.Outputs().uart_idle_o && model_.Cycles() < limit && !interrupted) Step();
    const std::uint64_t end = model_.Cycles() + bit;
    while (model_.Cycles() < end) Step();
  }

  // A debugger may load and run several programs, and inspect a halted one.
  bool IsDebugged() const { return jtag_ && jtag_->Wanted(); }

  void Step() {
    if (jtag_) jtag_->Step(model_);
    const std::uint32_t divider = model_.Outputs().uart_divider_o;
    model_.Step(transmitter_.Level(divider));
    const auto character = receiver_.Sample(model_.Outputs().uart_tx_o, divider);
    if (character) Print(*character);
    if (model_.Outputs().console_valid_o) Print(static_cast<char>(model_.Outputs().console_o));
  }

  void Print(char character) {
    if (terminal_) return terminal_->Put(character);
    std::putchar(character);
    if (character == '\n') std::fflush(stdout);
  }

  const Options& options_;
  Model& model_;
  std::ifstream uart_file_;
  std::optional<PseudoTerminal> terminal_;
  std::optional<JtagPort> jtag_;
  HangDetector hang_;
  UartReceiver receiver_;
  UartTransmitter transmitter_;
  Result result_;
};

int Main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  if (options.help) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  const Elf elf = options.firmware.empty() ? Elf() : ReadElf(options.firmware);
  Model model(options.seed);
  if (!options.trace.empty()) model.Trace(options.trace);
  if (!options.firmware.empty()) model.Load(elf);
  std::signal(SIGINT, [](int) { interrupted = 1; });
  std::signal(SIGTERM, [](int) { interrupted = 1; });
  const Result result = Simulation(options, model).Run();
  Report(result, elf);
  if (!options.stats.empty()) WriteStatistics(result, elf, options.seed, options.stats);
  model.CloseTrace();
  if (!options.trace.empty())
    std::fprintf(stderr, "simulator: waveform in %s\n", options.trace.c_str());
  return result.ExitCode();
}

}  // namespace
}  // namespace heepstor::sim

int main(int argc, char** argv) {
  try {
    return heepstor::sim::Main(argc, argv);
  } catch (const heepstor::sim::UserError& error) {
    std::fprintf(stderr, "simulator: %s\n", error.what());
    return 2;
  }
}
