// Where printed text goes.
//
// A program that a host started over the serial line sends it in messages with a checksum, and
// repeats each until the host has acknowledged it (serial/protocol.hpp, kText): text that arrives
// is right. Any other program sends the characters as they are.
#pragma once

namespace heepstor::console {

void put(char character);

/// Sends what has been put, and waits until the last bit has left.
void flush();

}  // namespace heepstor::console
