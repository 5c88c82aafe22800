// Frames on the serial line: consistent overhead byte stuffing (Cheshire and Baker, 1999) removes
// all zeros from a message, so that zeros before and after it delimit it. Whatever is lost or added
// in transit, the receiver finds the next frame. Two zeros end a frame: if one is lost, the
// receiver does not wait for more.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/serial/crc32.hpp"

namespace heepstor::serial {

/// Decodes bytes from the line into messages in a buffer.
///
/// The checksum is updated as bytes arrive, when there is nothing else to do.
class FrameDecoder {
 public:
  FrameDecoder(std::uint8_t* buffer, std::size_t capacity) : buffer_(buffer), capacity_(capacity) {}

  /// Whether a frame has begun but not ended.
  bool in_frame() const { return begun_; }

  /// Discards a frame that has begun.
  void reset() {
    begun_ = broken_ = false;
    left_ = 0;
    size_ = 0;
    crc_ = Crc32();
  }

  /// Takes a byte. Returns whether it ended a frame that is not empty.
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

  /// Whether the last frame is neither truncated nor too long, and ends with its CRC-32.
  bool is_whole() const { return !broken_ && crc_.ends_in_itself(); }

  /// Bytes of the last frame.
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

  /// The end of a block also represents a zero, unless the block has the maximum length.
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
  std::uint32_t left_ = 0;  // bytes of the block still to come
  std::uint8_t code_ = 0;   // first byte of the block
  bool begun_ = false;
  bool broken_ = false;
  Crc32 crc_;
};

/// Passes the bytes of a frame, with the zero before it and the two after it, to `put`.
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
