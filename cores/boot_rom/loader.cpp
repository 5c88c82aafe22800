// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// The boot ROM's program: starts the program in main memory, or loads one over the serial line.

#include "heepstor/mmio.hpp"
#include "heepstor/serial/endpoint.hpp"
#include "heepstor/serial/protocol.hpp"
#include "heepstor_config.hpp"
#include "regs_engine.hpp"
#include "regs_soc_ctrl.hpp"
#include "regs_timer.hpp"
#include "regs_uart.hpp"

extern "C" [[noreturn]] void heepstor_enter(std::uint32_t address);

namespace heepstor {
namespace {

using serial::Endpoint;

/// All of main memory except the loader's own part.
constexpr serial::Window kLoadable = {config::kMemoryBase,
                                      config::kMemoryBytes - serial::kLoaderBytes};

/// Restores the initial state of hardware that a program left in the middle of its work.
void settle_hardware() {
  namespace engine = regs::engine;
  write_register(config::kEngineBase + engine::kAbortOffset, engine::kAbortStopMask);
  while ((read_register(config::kEngineBase + engine::kStatusOffset) & engine::kStatusBusyMask) !=
         0) {
  }
  write_register(config::kEngineBase + engine::kInterruptEnableOffset, 0);
  write_register(config::kEngineBase + engine::kInterruptOffset,
                 engine::kInterruptDoneMask | engine::kInterruptErrorMask);
  write_register(config::kTimerBase + regs::timer::kMtimecmphOffset, ~0u);
  write_register(config::kTimerBase + regs::timer::kMtimecmpOffset, ~0u);
  write_register(config::kSocCtrlBase + regs::soc_ctrl::kBusErrorOffset,
                 regs::soc_ctrl::kBusErrorPendingMask);
  // Remove the stack guard: the next program is about to be written there.
  write_register(config::kSocCtrlBase + regs::soc_ctrl::kStackGuardEndOffset, 0);
  write_register(config::kSocCtrlBase + regs::soc_ctrl::kStackOverflowOffset,
                 regs::soc_ctrl::kStackOverflowPendingMask);
  write_register(config::kEngineBase + engine::kLimitOffset, ~0u);
  write_register(config::kUartBase + regs::uart::kInterruptEnableOffset, 0);
  write_register(config::kUartBase + regs::uart::kStatusOffset,
                 regs::uart::kStatusRxOverrunMask | regs::uart::kStatusRxFrameErrorMask);
  write_register(config::kUartBase + regs::uart::kDividerOffset, 0);
}

/// Starts a program once: a repeated request is only answered.
void start(Endpoint& line) {
  if (line.size() != serial::kStartBytes) return line.refuse(serial::kUnknownRequest);
  const std::uint32_t address = line.words()[0], session = line.words()[1];
  if (!kLoadable.holds(address, sizeof(std::uint32_t))) return line.refuse(serial::kBadAddress);
  const bool is_repeated = serial::is_started(line);
  write_register(config::kSocCtrlBase + regs::soc_ctrl::kSessionOffset, session);
  line.reply();
  if (is_repeated) return;
  serial::wire::flush();
  heepstor_enter(address);
}

void serve(Endpoint& line) {
  line.receive();
  switch (line.type()) {
    case serial::kHello:
      return line.greet(serial::kLoader, true);
    case serial::kWrite:
      return serial::write_memory(line, kLoadable);
    case serial::kCheck:
      return serial::check_memory(line, kLoadable);
    case serial::kSpeed:
      return serial::set_speed(line);
    case serial::kStart:
      return start(line);
  }
  line.refuse(serial::kUnknownRequest);
}

bool shall_load() {
  return (read_register(config::kSocCtrlBase + regs::soc_ctrl::kBootOffset) &
          regs::soc_ctrl::kBootSelectMask) != 0;
}

}  // namespace
}  // namespace heepstor

extern "C" [[noreturn]] void heepstor_boot() {
  if (!heepstor::shall_load()) heepstor_enter(heepstor::config::kMemoryBase);
  heepstor::settle_hardware();
  heepstor::Endpoint line;
  line.greet(heepstor::serial::kLoader, false);
  for (;;) heepstor::serve(line);
}
