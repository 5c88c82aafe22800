// Frames on the serial line: consistent overhead byte stuffing (Cheshire and Baker, 1999) leaves no
// zeros in a message, so that zeros before and after it mark its limits. Whatever is lost or added
// on the way, the next frame is found again. Two zeros end a frame: if one is lost, the receiver
// need not wait for more.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/serial/crc32.hpp"

namespace heepstor::serial {

/// Takes the bytes of the line, and leaves the messages in a buffer.
///
/// The checksum is made as bytes arrive, while nothing else is to be done.
class FrameDecoder {
 public:
  FrameDecoder(std::uint8_t* buffer, std::size_t capacity) : buffer_(buffer), capacity_(capacity) {}

  /// Whether a frame has begun and not ended.
  bool in_frame() const { return begun_; }

  /// Forgets a frame that has begun.
  void reset() {
    begun_ = broken_ = false;
    left_ = 0;
    size_ = 0;
    crc_ = Crc32();
  }

  /// Takes a byte. Returns whether it ended a frame, empty ones not counted.
  bool take(std::uint8_t byte) {
    if (byte == 0) return end();
    if (left_ != 0) {
      --left_;
      append(byte);
    } else {
      begin_block(byte);
    }
    return false;
  }

  /// Whether the frame that has ended is neither cut off nor too long, and ends in its CRC-32.
  bool is_whole() const { return !broken_ && crc_.ends_in_itself(); }

  /// Bytes of the frame that has ended.
  std::size_t size() const { return size_; }

 private:
  static constexpr std::uint8_t kFull = 0xFF;

  bool end() {
    const bool ended = begun_;
    if (left_ != 0) broken_ = true;
    begun_ = false;
    left_ = 0;
    return ended;
  }

  /// A block that ends stands for a zero too, unless it was the longest.
  void begin_block(std::uint8_t code) {
    if (!begun_) {
      reset();
      begun_ = true;
    } else if (code_ != kFull) {
      append(0);
    }
    code_ = code;
    left_ = code - 1;
  }

  void append(std::uint8_t byte) {
    if (size_ == capacity_) {
      broken_ = true;
      return;
    }
    buffer_[size_++] = byte;
    crc_.add(byte);
  }

  std::uint8_t* buffer_;
  std::size_t capacity_;
  std::size_t size_ = 0;
  std::uint32_t left_ = 0;  // bytes of the block that are to come
  std::uint8_t code_ = 0;   // with which the block began
  bool begun_ = false;
  bool broken_ = false;
  Crc32 crc_;
};

/// Gives the bytes of a frame, the zero before it and the two after it included, to `put`.
template <class Put>
void put_frame(const std::uint8_t* message, std::size_t size, Put put) {
  constexpr std::size_t kLongest = 254;
  put(0);
  std::size_t begin = 0;
  while (begin <= size) {
    std::size_t end = begin;
    while (end < size && message[end] != 0 && end - begin < kLongest) ++end;
    put(static_cast<std::uint8_t>(end - begin + 1));
    for (std::size_t i = begin; i < end; ++i) put(message[i]);
    const bool stands_for_zero = end - begin < kLongest;
    if (!stands_for_zero && end == size) break;
    begin = end + (stands_for_zero ? 1 : 0);
  }
  put(0);
  put(0);
}

}  // namespace heepstor::serial
