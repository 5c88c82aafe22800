#include "heepstor/uart.hpp"

#include "heepstor/serial/wire.hpp"

namespace heepstor::uart {

void put(char character) { serial::wire::put(static_cast<std::uint8_t>(character)); }

void flush() { serial::wire::flush(); }

}  // namespace heepstor::uart
