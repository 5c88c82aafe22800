// Identification, serial line, timer, and interrupts through the vector table.

#include "heepstor/csr.hpp"
#include "heepstor/cycles.hpp"
#include "heepstor/interrupts.hpp"
#include "heepstor/mmio.hpp"
#include "heepstor/uart.hpp"
#include "heepstor_config.hpp"
#include "regs_soc_ctrl.hpp"
#include "regs_timer.hpp"
#include "regs_uart.hpp"
#include "selftest.hpp"

namespace {

namespace config = heepstor::config;
namespace soc_ctrl = heepstor::regs::soc_ctrl;
namespace timer = heepstor::regs::timer;
namespace uart = heepstor::regs::uart;
using heepstor::read_register;
using heepstor::write_register;

constexpr std::uint32_t kNowhere = 0x40000000;

volatile std::uint32_t timer_interrupt_count = 0;
volatile std::uint32_t bus_error_count = 0;
volatile std::uint32_t bus_error_address = 0;

std::uint32_t soc_ctrl_read(std::uint32_t offset) {
  return read_register(config::kSocCtrlBase + offset);
}

std::uint32_t timer_read(std::uint32_t offset) {
  return read_register(config::kTimerBase + offset);
}

void set_alarm(std::uint32_t low, std::uint32_t high) {
  // No alarm in between: the upper half is at its maximum while the lower one changes.
  write_register(config::kTimerBase + timer::kMtimecmphOffset, ~0u);
  write_register(config::kTimerBase + timer::kMtimecmpOffset, low);
  write_register(config::kTimerBase + timer::kMtimecmphOffset, high);
}

void clear_alarm() { set_alarm(~0u, ~0u); }

/// Sets an alarm `delay` cycles from now; the test ends long before the lower half overflows.
void alarm_in(std::uint32_t delay) {
  set_alarm(timer_read(timer::kMtimeOffset) + delay, timer_read(timer::kMtimehOffset));
}

}  // namespace

// These replace the weak symbols of the vector table.
extern "C" __attribute__((interrupt("machine"))) void heepstor_timer_handler() {
  timer_interrupt_count = timer_interrupt_count + 1;
  clear_alarm();
}

extern "C" __attribute__((interrupt("machine"))) void heepstor_bus_error_handler() {
  bus_error_count = bus_error_count + 1;
  bus_error_address = soc_ctrl_read(soc_ctrl::kBusErrorAddressOffset);
  write_register(config::kSocCtrlBase + soc_ctrl::kBusErrorOffset, soc_ctrl::kBusErrorPendingMask);
}

namespace selftest {

bool identification() {
  constexpr std::uint32_t kMagic = 0x48454550;
  constexpr std::uint32_t kPattern = 0x5A3C96E1;
  bool good = equal("magic", soc_ctrl_read(soc_ctrl::kMagicOffset), kMagic);
  good &= equal("configuration's hash", soc_ctrl_read(soc_ctrl::kConfigHashOffset),
                config::kConfigHash);
  write_register(config::kSocCtrlBase + soc_ctrl::kScratchOffset, kPattern);
  return good & equal("scratch register", soc_ctrl_read(soc_ctrl::kScratchOffset), kPattern);
}

/// The serial line is idle, then busy for the time of one character, then idle again.
bool uart_transmits() {
  constexpr std::uint32_t kCharacterCycles = 10 * config::kUartDivider;
  const auto idle = [] {
    return (read_register(config::kUartBase + uart::kStatusOffset) & uart::kStatusTxIdleMask) != 0;
  };
  heepstor::uart::flush();
  bool good = holds(idle(), "not idle after flush()");
  const std::uint32_t start = heepstor::cycles();
  heepstor::uart::put('\r');
  good &= holds(!idle(), "idle while a character is sent");
  heepstor::uart::flush();
  const std::uint32_t elapsed = heepstor::cycles() - start;
  good &= holds(idle(), "not idle after a character");
  good &= holds(elapsed >= kCharacterCycles, "a character was sent too fast");
  return good & holds(elapsed < 2 * kCharacterCycles + 200, "a character was sent too slowly");
}

/// mtime and the CPU's counter run at the same rate while the CPU is awake.
bool timer_counts() {
  constexpr std::uint32_t kWait = 1000;
  const std::uint32_t mtime = timer_read(timer::kMtimeOffset);
  const std::uint32_t start = HEEPSTOR_CSR_READ("mcycle");
  while (HEEPSTOR_CSR_READ("mcycle") - start < kWait) {
  }
  const std::uint32_t elapsed = timer_read(timer::kMtimeOffset) - mtime;
  return holds(elapsed >= kWait && elapsed < kWait + 100, "mtime and mcycle differ");
}

/// Once with a handler, once waking the CPU without one.
bool timer_interrupts() {
  using namespace heepstor::interrupts;
  constexpr std::uint32_t kDelay = 300;
  constexpr std::uint32_t kPatience = 3000;
  timer_interrupt_count = 0;
  std::uint32_t start = heepstor::cycles();
  alarm_in(kDelay);
  enable(kTimer);
  while (timer_interrupt_count == 0 && heepstor::cycles() - start < kPatience) {
  }
  disable(kTimer);
  bool good = equal("interrupts handled", timer_interrupt_count, 1);

  const Masked masked;
  start = heepstor::cycles();
  alarm_in(kDelay);
  wait_for(kTimer);
  const std::uint32_t elapsed = heepstor::cycles() - start;
  good &= holds(elapsed >= kDelay && elapsed < kDelay + 200, "woken at the wrong time");
  clear_alarm();
  return good & equal("handler ran while masked", timer_interrupt_count, 1);
}

/// Loads and stores at unmapped addresses raise the interrupt, with the address.
bool bus_error_interrupts() {
  constexpr std::uint32_t kPatience = 1000;
  const auto wait_for_count = [](std::uint32_t count) {
    const std::uint32_t start = heepstor::cycles();
    while (bus_error_count < count && heepstor::cycles() - start < kPatience) {
    }
    return equal("bus errors", bus_error_count, count);
  };
  bus_error_count = 0;
  static_cast<void>(read_register(kNowhere + 4));
  bool good = wait_for_count(1);
  good &= equal("address of the load", bus_error_address, kNowhere + 4);
  write_register(kNowhere + 8, 0);
  good &= wait_for_count(2);
  return good & equal("address of the store", bus_error_address, kNowhere + 8);
}

}  // namespace selftest
