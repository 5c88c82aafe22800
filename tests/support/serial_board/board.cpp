// Registers of a board that is a process. Standard input and output are its serial line; the end of
// the input ends the process.
#include "board.hpp"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "heepstor/mmio.hpp"
#include "heepstor_config.hpp"
#include "regs_engine.hpp"
#include "regs_soc_ctrl.hpp"
#include "regs_timer.hpp"
#include "regs_uart.hpp"

BoardState board;
LeftBehind left;

namespace {

namespace config = heepstor::config;
namespace regs = heepstor::regs;

/// The next byte with the valid bit, or 0 if none comes within a millisecond.
std::uint32_t received() {
  static std::uint8_t bytes[4096];
  static ssize_t next = 0, count = 0;
  if (next == count) {
    pollfd input = {STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, 1) <= 0) return 0;
    next = 0;
    count = read(STDIN_FILENO, bytes, sizeof(bytes));
    if (count <= 0) std::_Exit(0);
  }
  return regs::uart::kDataValidMask | bytes[next++];
}

std::uint32_t cycles() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const double seconds = static_cast<double>(now.tv_sec % 1000) + 1e-9 * now.tv_nsec;
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(seconds * config::kClockHz));
}

/// The engine's STATUS. Nothing but an abort ends what a program has left.
std::uint32_t engine_status() {
  static unsigned polls = 0;
  if (!left.is_busy) return 0;
  if (++polls == 1'000'000) {
    std::fputs("the engine is waited for, and has not been aborted\n", stderr);
    std::_Exit(1);
  }
  return regs::engine::kStatusBusyMask;
}

void put_byte(std::uint8_t byte) {
  while (write(STDOUT_FILENO, &byte, 1) != 1) {
  }
}

}  // namespace

namespace heepstor {

std::uint32_t read_register(std::uint32_t address) {
  switch (address) {
    case config::kUartBase + regs::uart::kDataOffset:
      return received();
    case config::kUartBase + regs::uart::kStatusOffset:
      return regs::uart::kStatusTxIdleMask;
    case config::kTimerBase + regs::timer::kMtimeOffset:
      return cycles();
    case config::kEngineBase + regs::engine::kStatusOffset:
      return engine_status();
    case config::kSocCtrlBase + regs::soc_ctrl::kConfigHashOffset:
      return board.config_hash;
    case config::kSocCtrlBase + regs::soc_ctrl::kExitOffset:
      return board.exit_code;
    case config::kSocCtrlBase + regs::soc_ctrl::kSessionOffset:
      return board.session;
    case config::kSocCtrlBase + regs::soc_ctrl::kBootOffset:
      return regs::soc_ctrl::kBootSelectMask |
             (board.exited != 0 ? regs::soc_ctrl::kBootExitedMask : 0);
    default:
      return 0;
  }
}

void write_register(std::uint32_t address, std::uint32_t value) {
  switch (address) {
    case config::kUartBase + regs::uart::kDataOffset:
      return put_byte(static_cast<std::uint8_t>(value));
    case config::kSocCtrlBase + regs::soc_ctrl::kSessionOffset:
      board.session = value;
      return;
    case config::kSocCtrlBase + regs::soc_ctrl::kStackGuardEndOffset:
      left.is_guarded = value != 0;
      return;
    case config::kEngineBase + regs::engine::kAbortOffset:
      left.is_busy &= (value & regs::engine::kAbortStopMask) == 0;
      return;
    case config::kEngineBase + regs::engine::kLimitOffset:
      left.is_limited = value != ~0u;
      return;
  }
}

}  // namespace heepstor
