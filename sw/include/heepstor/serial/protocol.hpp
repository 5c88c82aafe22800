// Messages between a host and the boot ROM's loader, or an application that serves inference.
// docs/boards.md describes them; flows/serial/protocol.py is the other side.
//
// A message is a type, a sequence number and two zero bytes; then the body of little-endian 32-bit
// words and, possibly, bytes; then the CRC-32 of all these. On the line it is a frame (frame.hpp).
// A reply has the sequence number of its request, and its type with kReply added.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heepstor::serial {

inline constexpr std::uint32_t kMagic = 0x50454548;  // "HEEP"
inline constexpr std::uint32_t kVersion = 2;

/// Most bytes that one kWrite or kRead transfers.
inline constexpr std::size_t kMaxData = 1024;
/// Most bytes of text in one kText.
inline constexpr std::size_t kMaxText = 64;
/// Bytes of kStart's body.
inline constexpr std::size_t kStartBytes = 8;
/// Bytes at the end of main memory that the loader itself needs.
inline constexpr std::uint32_t kLoaderBytes = 2048;

/// Fewest clock cycles per bit with which the loader keeps up. At 4, it falls behind on zeros.
inline constexpr std::uint32_t kLeastDivider = 5;

/// Types of requests.
inline constexpr std::uint8_t kHello = 1;    // -> Hello
inline constexpr std::uint8_t kWrite = 2;    // address, data ->
inline constexpr std::uint8_t kCheck = 3;    // address, bytes -> CRC-32 of that memory
inline constexpr std::uint8_t kStart = 4;    // address, session ->, and then the program runs
inline constexpr std::uint8_t kRead = 5;     // address, bytes -> data; server only
inline constexpr std::uint8_t kBuffers = 6;  // -> Buffers; server only
inline constexpr std::uint8_t kInfer = 7;    // -> Inference; server only
inline constexpr std::uint8_t kLeave = 8;    // ->, and then the loader runs; server only
inline constexpr std::uint8_t kSpeed = 9;    // clock cycles per bit ->, then in effect; loader only
/// In the other direction: a program sends text as kText | kReply with its own sequence numbers
/// (1, 2, ... 255, 1, ...), and the host answers kText with the same number.
inline constexpr std::uint8_t kText = 10;

inline constexpr std::uint8_t kReply = 0x80;
/// Reply to a request that is refused; the body is the reason.
inline constexpr std::uint8_t kError = 0xFF;

/// Reasons.
inline constexpr std::uint32_t kDamaged = 1;         // CRC or length wrong; sequence number 0
inline constexpr std::uint32_t kUnknownRequest = 2;  // unknown, or its body has the wrong length
inline constexpr std::uint32_t kBadAddress = 3;      // outside the permitted memory

/// Who answers.
inline constexpr std::uint32_t kLoader = 1;
inline constexpr std::uint32_t kServer = 2;

/// Body of the reply to kHello; also sent unsolicited (sequence number 0) when the loader or the
/// server starts.
struct Hello {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint32_t role;
  std::uint32_t config_hash;  // of the hardware configuration
  std::uint32_t clock_hz;
  std::uint32_t memory_base;
  std::uint32_t memory_bytes;
  std::uint32_t array_size;
  std::uint32_t port_words;
  std::uint32_t buffer_words;
  std::uint32_t exited;     // 1: a program has ended since reset
  std::uint32_t exit_code;  // of that program
  std::uint32_t session;    // of the last kStart; 0: none since reset
};

/// A server's input and output buffers: addresses, and bytes per inference.
struct Buffers {
  std::uint32_t program;  // identifies the application
  std::uint32_t input;
  std::uint32_t input_bytes;
  std::uint32_t output;
  std::uint32_t output_bytes;
};

/// Result of an inference.
struct Inference {
  std::uint32_t cycles;
  std::uint32_t error;    // engine::Error; 0: none
  std::uint32_t index;    // of the descriptor in error
  std::uint32_t address;  // of the descriptor in error
};

}  // namespace heepstor::serial
