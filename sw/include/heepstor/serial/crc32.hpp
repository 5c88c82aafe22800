// CRC-32 as in Ethernet and zip: polynomial 0x04C11DB7, reflected, all ones before and after.
#pragma once

#include <cstdint>

namespace heepstor::serial {

namespace detail {

/// The remainder for each value of a byte.
struct CrcTable {
  std::uint32_t values[256];

  constexpr CrcTable() : values() {
    constexpr std::uint32_t kReflectedPolynomial = 0xEDB88320;
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      std::uint32_t rest = byte;
      for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ (rest & 1) * kReflectedPolynomial;
      values[byte] = rest;
    }
  }
};

}  // namespace detail

class Crc32 {
 public:
  void add(std::uint8_t byte) { state_ = kTable.values[(state_ ^ byte) & 0xFF] ^ (state_ >> 8); }

  std::uint32_t value() const { return ~state_; }

  /// Whether the data added so far ends with its own CRC, lowest byte first.
  bool ends_in_itself() const { return state_ == kResidue; }

 private:
  static constexpr std::uint32_t kResidue = 0xDEBB20E3;
  static constexpr detail::CrcTable kTable{};

  std::uint32_t state_ = 0xFFFFFFFF;
};

}  // namespace heepstor::serial
