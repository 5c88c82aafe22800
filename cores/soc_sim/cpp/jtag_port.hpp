// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// A TCP port that drives the SoC's JTAG pins: the protocol remote_bitbang of OpenOCD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace heepstor::sim {

class Model;

// Accepts one debugger at a time, on a local port. A character sets the pins (0 to 7: tck, tms,
// tdi), requests tdo (R), sets the TAP's reset (t, u: on; r, s: off) or disconnects (Q). System
// reset (s, u) has no pin: the debug module does that.
class JtagPort {
 public:
  // Listens; port 0 selects a free one. Throws UserError if that is not possible. The port is
  // printed to standard error: "simulator: JTAG on port N".
  explicit JtagPort(std::uint16_t port);
  ~JtagPort();
  JtagPort(const JtagPort&) = delete;
  JtagPort& operator=(const JtagPort&) = delete;

  // To be called before each clock cycle: sets the pins to what the debugger sent next, several
  // times per cycle (tck is faster than the clock, so that little is simulated per bit). If nothing
  // was sent, the SoC keeps running, and the port is polled again some cycles later.
  void Step(Model& model) {
    if (next_ == end_ && --until_look_ != 0) return;
    Advance(model);
  }

  // A debugger is connected, or has not connected yet.
  bool Wanted() const { return !gone_; }

 private:
  void Advance(Model& model);
  void Accept(Model& model);
  void Receive();
  void Take(Model& model, char command);
  void Send();
  void Close();

  static constexpr std::size_t kBufferBytes = 4096;
  static constexpr int kChangesInCycle = 4;
  // Clock cycles between two polls: a poll costs as much as a cycle or two.
  static constexpr std::uint32_t kLookCycles = 64;

  int listener_ = -1;
  int connection_ = -1;
  bool gone_ = false;
  char received_[kBufferBytes];
  std::size_t next_ = 0;
  std::size_t end_ = 0;
  std::string answers_;
  std::uint32_t until_look_ = 1;
};

}  // namespace heepstor::sim
