// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// The other end of the SoC's serial line: 8 data bits, no parity, 1 stop bit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace heepstor::sim {

// Decodes what the SoC sends, sampling each bit in its middle.
class UartReceiver {
 public:
  // Takes the line's level in one clock cycle; returns a character when one is complete. `divider`:
  // clock cycles of one bit.
  std::optional<char> Sample(bool level, std::uint32_t divider) {
    if (bit_ == kIdle) {
      if (!level) {
        bit_ = kStart;
        countdown_ = divider / 2;
      }
      return std::nullopt;
    }
    if (countdown_-- != 0) return std::nullopt;
    countdown_ = divider - 1;
    return NextBit(level);
  }

 private:
  static constexpr int kIdle = -2;
  static constexpr int kStart = -1;
  static constexpr int kStop = 8;

  std::optional<char> NextBit(bool level) {
    if (bit_ == kStart) {
      bit_ = level ? kIdle : 0;
      data_ = 0;
    } else if (bit_ < kStop) {
      data_ |= static_cast<std::uint8_t>(level) << bit_++;
    } else {
      bit_ = kIdle;
      if (level) return static_cast<char>(data_);
    }
    return std::nullopt;
  }

  std::uint32_t countdown_ = 0;
  int bit_ = kIdle;
  std::uint8_t data_ = 0;
};

// Sends bytes to the SoC.
class UartTransmitter {
 public:
  // Returns the next byte, or a negative number if there is none yet.
  using Source = std::function<int()>;

  // Without a source, the line stays idle.
  explicit UartTransmitter(Source source) : source_(std::move(source)) {}

  // The line's level in the next clock cycle. `divider`: clock cycles of one bit.
  bool Level(std::uint32_t divider) {
    if (!source_) return true;
    if (countdown_ == 0) NextBit(divider);
    countdown_--;
    return level_;
  }

 private:
  static constexpr std::uint32_t kStopBit = 1u << 9;

  void NextBit(std::uint32_t divider) {
    countdown_ = divider;
    if (frame_ == 0) {
      const int byte = source_();
      if (byte < 0) {
        // The line stays idle for one character: polling in every cycle would be slow.
        level_ = true;
        countdown_ = 10 * divider;
        return;
      }
      frame_ = kStopBit | static_cast<std::uint32_t>(byte) << 1;
    }
    level_ = frame_ & 1;
    frame_ >>= 1;
  }

  Source source_;
  std::uint32_t countdown_ = 0;
  std::uint32_t frame_ = 0;  // bits still to send, the next one lowest
  bool level_ = true;
};

}  // namespace heepstor::sim
