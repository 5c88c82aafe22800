// The serial line.
#pragma once

namespace heepstor::uart {

/// Sends one character; waits while the hardware's queue is full.
void put(char character);

/// Waits until the last bit has been sent.
void flush();

}  // namespace heepstor::uart
