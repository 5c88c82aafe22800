// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

#include "model.hpp"

#include <svdpi.h>

#include <cstdio>
#include <cstring>
#include <random>

#include "Vsoc_sim.h"
#include "Vsoc_sim__Dpi.h"
#include "heepstor_config.hpp"
#include "options.hpp"
#include "verilated.h"

namespace heepstor::sim {
namespace {

constexpr int kResetCycles = 4;
constexpr int kRandom = 2;  // for Verilator's randReset: every bit is random

// Opens the back door of a bank of the main memory.
void SelectBank(std::uint32_t bank) {
  const std::string scope =
      "TOP.soc_sim.u_soc.u_memory.gen_bank[" + std::to_string(bank) + "].u_sram";
  svSetScope(svGetScopeFromName(scope.c_str()));
}

// Verilator fills each memory with one random word; here all words differ.
void FillMemory(std::uint32_t seed) {
  constexpr std::uint32_t kRows = config::kMemoryBytes / 4 / config::kMemoryBanks;
  std::mt19937 random(seed);
  for (std::uint32_t bank = 0; bank < config::kMemoryBanks; bank++) {
    SelectBank(bank);
    for (std::uint32_t row = 0; row < kRows; row++) {
      sram_write(static_cast<int>(row), static_cast<int>(random()));
    }
  }
}

// One word of main memory.
class MemoryWord {
 public:
  explicit MemoryWord(std::uint32_t address)
      : row_((address - config::kMemoryBase) / 4 / config::kMemoryBanks) {
    SelectBank((address - config::kMemoryBase) / 4 % config::kMemoryBanks);
  }

  std::uint32_t Read() const { return sram_read(static_cast<int>(row_)); }
  void Write(std::uint32_t value) { sram_write(static_cast<int>(row_), static_cast<int>(value)); }

 private:
  std::uint32_t row_;
};

void WriteByte(std::uint32_t address, std::uint8_t value) {
  MemoryWord word(address & ~3u);
  const int shift = 8 * (address & 3u);
  word.Write((word.Read() & ~(0xffu << shift)) | static_cast<std::uint32_t>(value) << shift);
}

// Memory without bytes in the file (.bss, arena, stack) stays unchanged: start-up clears .bss.
void LoadSegment(const Segment& segment) {
  const std::size_t size = segment.bytes.size();
  std::uint32_t done = 0;
  for (; done < size && ((segment.address + done) & 3u) != 0; done++) {
    WriteByte(segment.address + done, segment.bytes[done]);
  }
  for (; done + 4 <= size; done += 4) {
    std::uint32_t value;
    std::memcpy(&value, &segment.bytes[done], 4);
    MemoryWord(segment.address + done).Write(value);
  }
  for (; done < size; done++) WriteByte(segment.address + done, segment.bytes[done]);
}

std::string Hex(std::uint32_t value) {
  char text[11];
  std::snprintf(text, sizeof(text), "0x%08x", value);
  return text;
}

}  // namespace

Model::Model(std::uint32_t seed) : context_(std::make_unique<VerilatedContext>()) {
  context_->randReset(kRandom);
  context_->randSeed(static_cast<int>(seed));
  top_ = std::make_unique<Vsoc_sim>(context_.get(), "TOP");
  top_->clk_i = 0;
  top_->rst_ni = 1;
  top_->boot_select_i = 0;
  top_->console_present_i = 0;
  top_->uart_rx_i = 1;
  top_->jtag_tck_i = 0;
  top_->jtag_tms_i = 0;
  top_->jtag_tdi_i = 0;
  top_->jtag_trst_ni = 1;
  top_->eval();
  FillMemory(seed);
}

Model::~Model() { top_->final(); }

void Model::Trace(const std::string& path) { waveform_.emplace(path, *context_, *top_); }

void Model::CloseTrace() {
  if (waveform_) waveform_->Close();
}

void Model::Load(const Elf& elf) {
  if (elf.entry != config::kMemoryBase) {
    throw UserError("the program starts at " + Hex(elf.entry) + ", but the boot ROM jumps to " +
                    Hex(config::kMemoryBase) +
                    ": it was linked for another hardware configuration");
  }
  for (const Segment& segment : elf.segments) {
    const std::uint32_t offset = segment.address - config::kMemoryBase;
    if (offset > config::kMemoryBytes || segment.size > config::kMemoryBytes - offset) {
      throw UserError("the program needs memory at " + Hex(segment.address) + " (" +
                      std::to_string(segment.size) + " bytes), but this SoC has " +
                      std::to_string(config::kMemoryBytes) + " bytes from " +
                      Hex(config::kMemoryBase) + " on");
    }
    LoadSegment(segment);
  }
}

void Model::Reset(bool boot_select) {
  top_->boot_select_i = boot_select;
  Eval(false);
  // In simulation, an asynchronous reset takes effect on its falling edge. A reset that is itself a
  // register starts with junk: if it is low from the start, only the second pulse takes effect.
  PulseReset();
  PulseReset();
  // The CPU is now in a known state. Gives synchronously released resets time to rise.
  for (int i = 0; i < kResetCycles; i++) Cycle();
  top_->jtag_trst_ni = 0;
  PulseReset();
  cycles_ = 0;
}

void Model::PulseReset() {
  top_->rst_ni = 0;
  for (int i = 0; i < kResetCycles; i++) Cycle();
  top_->rst_ni = 1;
  Eval(false);
}

void Model::Step(bool uart_rx) {
  top_->uart_rx_i = uart_rx;
  Cycle();
  cycles_++;
}

void Model::SetJtag(bool tck, bool tms, bool tdi) {
  top_->jtag_tck_i = tck;
  top_->jtag_tms_i = tms;
  top_->jtag_tdi_i = tdi;
  top_->eval();
}

void Model::SetJtagReset(bool active) {
  top_->jtag_trst_ni = !active;
  top_->eval();
}

void Model::SetConsole(bool present) { top_->console_present_i = present; }

bool Model::JtagTdo() const { return top_->jtag_tdo_o; }

void Model::Cycle() {
  Eval(true);
  Eval(false);
}

void Model::Eval(bool clock) {
  top_->clk_i = clock;
  top_->eval();
  if (waveform_) waveform_->Dump(context_->time());
  context_->timeInc(1);
}

}  // namespace heepstor::sim
