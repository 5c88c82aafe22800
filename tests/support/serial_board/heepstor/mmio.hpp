// In place of the device's registers: a serial line on standard input and output, a timer, and the
// registers that the loader and the server look at (board.cpp).
#pragma once

#include <cstdint>

namespace heepstor {

std::uint32_t read_register(std::uint32_t address);
void write_register(std::uint32_t address, std::uint32_t value);

}  // namespace heepstor
