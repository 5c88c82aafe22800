// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// A pseudo-terminal that other programs open like a serial port.
#pragma once

#include <deque>
#include <string>

namespace heepstor::sim {

class PseudoTerminal {
 public:
  // Creates the terminal, and `link` as a symbolic link to it; throws UserError if that fails.
  explicit PseudoTerminal(const std::string& link);
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  // The next byte from the other side, or -1 if there is none yet.
  int Get();

  // Sends a byte to the other side. Unread bytes are kept, up to a limit.
  void Put(char byte);

  // Sends kept bytes, as far as the other side accepts them.
  void Flush();

 private:
  std::string link_;
  int master_ = -1;
  int slave_ = -1;  // held open, so that the other side may come and go
  std::deque<char> received_;
  std::string kept_;
};

}  // namespace heepstor::sim
