// CRC-32 as in Ethernet and zip: polynomial 0x04C11DB7, reflected, all ones before and after.
#pragma once

#include <cstdint>

namespace heepstor::serial {

class Crc32 {
 public:
  void add(std::uint8_t byte) {
    state_ ^= byte;
    state_ = kTable[state_ & 15] ^ (state_ >> 4);
    state_ = kTable[state_ & 15] ^ (state_ >> 4);
  }

  std::uint32_t value() const { return ~state_; }

  /// Whether what was added ended in its own CRC, lowest byte first.
  bool ends_in_itself() const { return state_ == kResidue; }

 private:
  static constexpr std::uint32_t kResidue = 0xDEBB20E3;
  /// Four bits at a time: a table of 64 bytes.
  static constexpr std::uint32_t kTable[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC,
                                               0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
                                               0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                               0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};

  std::uint32_t state_ = 0xFFFFFFFF;
};

}  // namespace heepstor::serial
