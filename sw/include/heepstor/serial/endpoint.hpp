// The device's end of the protocol: receives requests, sends replies, detects damage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "heepstor/mmio.hpp"
#include "heepstor/serial/crc32.hpp"
#include "heepstor/serial/frame.hpp"
#include "heepstor/serial/protocol.hpp"
#include "heepstor/serial/wire.hpp"
#include "heepstor_config.hpp"
#include "regs_soc_ctrl.hpp"
#include "regs_uart.hpp"

namespace heepstor::serial {

/// A request and its reply, which share a buffer.
class Endpoint {
 public:
  /// Waits for an intact request; damaged ones are answered with kDamaged.
  void receive() {
    for (;;) {
      FrameDecoder decoder(message_, sizeof(message_));
      receive_frame(decoder);
      if (decoder.is_whole() && decoder.size() >= kHeaderBytes + kCrcBytes) {
        body_bytes_ = decoder.size() - kHeaderBytes - kCrcBytes;
        return;
      }
      wire::await_silence();
      message_[kSequence] = 0;
      refuse(kDamaged);
    }
  }

  std::uint8_t type() const { return message_[kType]; }

  /// Bytes of the request's body.
  std::size_t size() const { return body_bytes_; }

  /// The words of the request's body, and then of the reply's.
  std::uint32_t* words() { return reinterpret_cast<std::uint32_t*>(message_ + kHeaderBytes); }

  std::uint8_t* bytes() { return message_ + kHeaderBytes; }

  /// Sends the reply, whose body is in words().
  void reply(std::size_t size = 0) { send(type() | kReply, size); }

  void refuse(std::uint32_t reason) {
    words()[0] = reason;
    send(kError, sizeof(reason));
  }

  /// Identifies this endpoint, in reply to a request or unsolicited.
  void greet(std::uint32_t role, bool is_reply) {
    const std::uint32_t boot = read(regs::soc_ctrl::kBootOffset);
    Hello& hello = *reinterpret_cast<Hello*>(words());
    hello.magic = kMagic;
    hello.version = kVersion;
    hello.role = role;
    hello.config_hash = read(regs::soc_ctrl::kConfigHashOffset);
    hello.clock_hz = config::kClockHz;
    hello.memory_base = config::kMemoryBase;
    hello.memory_bytes = config::kMemoryBytes;
    hello.array_size = config::kArraySize;
    hello.port_words = config::kPortWords;
    hello.buffer_words = config::kBufferWords;
    hello.exited = (boot & regs::soc_ctrl::kBootExitedMask) != 0;
    hello.exit_code = read(regs::soc_ctrl::kExitOffset);
    hello.session = read(regs::soc_ctrl::kSessionOffset);
    if (!is_reply) message_[kSequence] = 0;
    send(kHello | kReply, sizeof(Hello));
  }

 private:
  /// Longest body: an address and data.
  static constexpr std::size_t kBodyBytes = sizeof(std::uint32_t) + kMaxData;
  /// A frame without a new byte for this long has been cut off.
  static constexpr std::uint32_t kTimeoutCycles = config::kClockHz / 4;

  static std::uint32_t read(std::uint32_t offset) {
    return read_register(config::kSocCtrlBase + offset);
  }

  static void receive_frame(FrameDecoder& decoder) {
    std::uint32_t polled;
    do {
      polled = wire::poll();
      if (!wire::is_byte(polled)) polled = await_byte(decoder);
    } while (!decoder.take(static_cast<std::uint8_t>(polled)));
  }

  /// Waits; discards an unfinished frame that receives no byte for too long.
  static std::uint32_t await_byte(FrameDecoder& decoder) {
    const std::uint32_t start = wire::now();
    for (;;) {
      const std::uint32_t polled = wire::poll();
      if (wire::is_byte(polled)) return polled;
      if (decoder.in_frame() && wire::now() - start > kTimeoutCycles) decoder.reset();
    }
  }

  void send(std::uint8_t type, std::size_t body_bytes) {
    message_[kType] = type;
    send_message(message_, body_bytes);
  }

  alignas(4) std::uint8_t message_[kHeaderBytes + kBodyBytes + kCrcBytes];
  std::size_t body_bytes_ = 0;
};

/// Memory that requests may access.
struct Window {
  std::uint32_t base;
  std::uint32_t bytes;

  bool holds(std::uint32_t address, std::uint32_t count) const {
    const std::uint32_t offset = address - base;
    return offset <= bytes && count <= bytes - offset;
  }
};

/// Whether a kStart request repeats one that was served but whose reply was lost.
inline bool is_started(Endpoint& line) {
  const std::uint32_t session =
      read_register(config::kSocCtrlBase + regs::soc_ctrl::kSessionOffset);
  return line.size() == kStartBytes && session != 0 && line.words()[1] == session;
}

inline std::uint8_t* memory_at(std::uint32_t address) {
  return reinterpret_cast<std::uint8_t*>(static_cast<std::uintptr_t>(address));
}

/// Handles a kWrite request.
inline void write_memory(Endpoint& line, const Window& window) {
  if (line.size() < sizeof(std::uint32_t)) return line.refuse(kUnknownRequest);
  const std::uint32_t address = line.words()[0];
  const std::size_t count = line.size() - sizeof(address);
  if (!window.holds(address, count)) return line.refuse(kBadAddress);
  std::memcpy(memory_at(address), line.bytes() + sizeof(address), count);
  line.reply();
}

/// Handles a kSpeed request; the reply is still sent at the old speed.
inline void set_speed(Endpoint& line) {
  if (line.size() != sizeof(std::uint32_t)) return line.refuse(kUnknownRequest);
  const std::uint32_t divider = line.words()[0];
  if (divider < kLeastDivider || divider > 0xFFFF) return line.refuse(kUnknownRequest);
  line.reply();
  wire::flush();
  write_register(config::kUartBase + regs::uart::kDividerOffset, divider);
}

/// Handles a kRead request; the reply is the data.
inline void read_memory(Endpoint& line, const Window& window) {
  if (line.size() != 2 * sizeof(std::uint32_t)) return line.refuse(kUnknownRequest);
  const std::uint32_t address = line.words()[0], count = line.words()[1];
  if (count > kMaxData || !window.holds(address, count)) return line.refuse(kBadAddress);
  std::memcpy(line.bytes(), memory_at(address), count);
  line.reply(count);
}

/// Handles a kCheck request.
inline void check_memory(Endpoint& line, const Window& window) {
  if (line.size() != 2 * sizeof(std::uint32_t)) return line.refuse(kUnknownRequest);
  const std::uint32_t address = line.words()[0], count = line.words()[1];
  if (!window.holds(address, count)) return line.refuse(kBadAddress);
  Crc32 crc;
  const std::uint8_t* memory = memory_at(address);
  for (std::size_t i = 0; i < count; ++i) crc.add(memory[i]);
  line.words()[0] = crc.value();
  line.reply(sizeof(std::uint32_t));
}

}  // namespace heepstor::serial
