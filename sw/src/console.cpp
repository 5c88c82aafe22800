#include "heepstor/console.hpp"

#include "heepstor/mmio.hpp"
#include "heepstor/serial/frame.hpp"
#include "heepstor/serial/protocol.hpp"
#include "heepstor/serial/wire.hpp"
#include "heepstor/uart.hpp"
#include "heepstor_config.hpp"
#include "regs_soc_ctrl.hpp"

namespace heepstor::console {
namespace {

/// Most clock cycles to wait for an acknowledgement.
constexpr std::uint32_t kTimeoutCycles = config::kClockHz / 4;
/// Attempts for a message that is not acknowledged, and for one damaged in transit.
constexpr int kSilences = 12;
constexpr int kDamages = 250;

enum class Answer { kAcknowledged, kDamaged, kSilence };

/// Text that is sent as messages: one per line, or several for a long line.
class TextChannel {
 public:
  void put(char character) {
    // A trap while a message is being sent: its text is sent in separate messages.
    if (is_sending_) finish();
    // Before storing the character: a trap may find the message full and not yet sent.
    if (used_ == serial::kMaxText) send();
    message_[serial::kHeaderBytes + used_++] = static_cast<std::uint8_t>(character);
    if (character == '\n') send();
  }

  void flush() {
    if (used_ != 0 && !is_sending_) send();
  }

 private:
  void send() {
    is_sending_ = true;
    sequence_ = static_cast<std::uint8_t>(sequence_ % 255 + 1);
    message_[serial::kType] = serial::kText | serial::kReply;
    message_[serial::kSequence] = sequence_;
    int silences = 0, damages = 0;
    do {
      serial::send_message(message_, used_);
      if (!is_heard_) break;
      const Answer answer = await_answer();
      if (answer == Answer::kAcknowledged) break;
      if (answer == Answer::kDamaged) serial::wire::await_silence();
      ++(answer == Answer::kSilence ? silences : damages);
      is_heard_ = silences < kSilences && damages < kDamages;
    } while (is_heard_);
    finish();
  }

  void finish() {
    used_ = 0;
    is_sending_ = false;
  }

  Answer await_answer() const {
    std::uint8_t answer[serial::kHeaderBytes + serial::kCrcBytes];
    serial::FrameDecoder decoder(answer, sizeof(answer));
    const std::uint32_t start = serial::wire::now();
    while (serial::wire::now() - start < kTimeoutCycles) {
      const std::uint32_t polled = serial::wire::poll();
      if (!serial::wire::is_byte(polled)) continue;
      if (!decoder.take(static_cast<std::uint8_t>(polled))) continue;
      const bool is_answer = decoder.is_whole() && decoder.size() == sizeof(answer) &&
                             answer[serial::kType] == serial::kText;
      if (!is_answer) return Answer::kDamaged;
      // Older messages may be acknowledged twice.
      if (answer[serial::kSequence] == sequence_) return Answer::kAcknowledged;
    }
    return Answer::kSilence;
  }

  alignas(
      4) std::uint8_t message_[serial::kHeaderBytes + serial::kMaxText + serial::kCrcBytes] = {};
  std::size_t used_ = 0;
  std::uint8_t sequence_ = 0;
  bool is_sending_ = false;
  /// Whether a host acknowledges. Once it stops, messages are sent once, without waiting.
  bool is_heard_ = true;
};

TextChannel channel;

bool has_host() {
  return read_register(config::kSocCtrlBase + regs::soc_ctrl::kSessionOffset) != 0;
}

/// Whether a simulation takes what is printed without the delay of the serial line.
bool is_simulated() {
  return (read_register(config::kSocCtrlBase + regs::soc_ctrl::kConsoleOffset) &
          regs::soc_ctrl::kConsolePresentMask) != 0;
}

}  // namespace

void put(char character) {
  if (is_simulated()) {
    write_register(config::kSocCtrlBase + regs::soc_ctrl::kConsoleOffset,
                   static_cast<std::uint8_t>(character));
  } else if (has_host()) {
    channel.put(character);
  } else {
    uart::put(character);
  }
}

void flush() {
  if (has_host()) channel.flush();
  uart::flush();
}

}  // namespace heepstor::console
