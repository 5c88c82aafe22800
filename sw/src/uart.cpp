#include "heepstor/uart.hpp"

#include "heepstor/mmio.hpp"
#include "heepstor_config.hpp"
#include "regs_uart.hpp"

namespace heepstor::uart {
namespace {

namespace regs = heepstor::regs::uart;

std::uint32_t status() { return read_register(config::kUartBase + regs::kStatusOffset); }

}  // namespace

void put(char character) {
  while ((status() & regs::kStatusTxFullMask) != 0) {
  }
  write_register(config::kUartBase + regs::kDataOffset, static_cast<unsigned char>(character));
}

void flush() {
  while ((status() & regs::kStatusTxIdleMask) == 0) {
  }
}

}  // namespace heepstor::uart
