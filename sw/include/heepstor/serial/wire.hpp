// The serial line, byte by byte, and messages that are sent on it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/mmio.hpp"
#include "heepstor/serial/crc32.hpp"
#include "heepstor/serial/frame.hpp"
#include "heepstor_config.hpp"
#include "regs_timer.hpp"
#include "regs_uart.hpp"

namespace heepstor::serial {

/// Offsets in a message, and bytes before and after its body.
inline constexpr std::size_t kType = 0;
inline constexpr std::size_t kSequence = 1;
inline constexpr std::size_t kHeaderBytes = 4;
inline constexpr std::size_t kCrcBytes = 4;

namespace wire {

inline std::uint32_t status() {
  return read_register(config::kUartBase + regs::uart::kStatusOffset);
}

/// Clock cycles; they wrap around.
inline std::uint32_t now() { return read_register(config::kTimerBase + regs::timer::kMtimeOffset); }

inline void put(std::uint8_t byte) {
  while ((status() & regs::uart::kStatusTxFullMask) != 0) {
  }
  write_register(config::kUartBase + regs::uart::kDataOffset, byte);
}

/// Waits until the last bit has been sent.
inline void flush() {
  while ((status() & regs::uart::kStatusTxIdleMask) == 0) {
  }
}

inline std::uint32_t poll() { return read_register(config::kUartBase + regs::uart::kDataOffset); }

/// Whether poll() returned a byte.
inline bool is_byte(std::uint32_t polled) { return (polled & regs::uart::kDataValidMask) != 0; }

/// Discards bytes still in transit: they could not be received completely while the answer to a
/// damaged message is being sent, and would cause the next complaint.
inline void await_silence() {
  // Ten characters' time without a byte: everything that was sent has arrived.
  constexpr std::uint32_t kSilenceCycles = 100 * config::kUartDivider;
  std::uint32_t last = now();
  while (now() - last < kSilenceCycles) {
    if (is_byte(poll())) last = now();
  }
}

}  // namespace wire

/// Sends a message whose type, sequence number and body are in place; there must be room for the
/// CRC-32 after the body.
inline void send_message(std::uint8_t* message, std::size_t body_bytes) {
  message[2] = message[3] = 0;
  const std::size_t size = kHeaderBytes + body_bytes;
  Crc32 crc;
  for (std::size_t i = 0; i < size; ++i) crc.add(message[i]);
  for (std::size_t i = 0; i < kCrcBytes; ++i) {
    message[size + i] = static_cast<std::uint8_t>(crc.value() >> 8 * i);
  }
  put_frame(message, size + kCrcBytes, wire::put);
}

}  // namespace heepstor::serial
