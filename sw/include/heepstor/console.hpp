// Where printed text goes.
//
// A program started by a host over the serial line sends text in messages with a checksum, and
// repeats each until the host acknowledges it (serial/protocol.hpp, kText), so text that arrives
// is intact. In a simulation, the register CONSOLE of SoC control takes each character immediately.
// Any other program sends plain characters.
#pragma once

namespace heepstor::console {

void put(char character);

/// Sends all pending characters, and waits until the last bit has been sent.
void flush();

}  // namespace heepstor::console
