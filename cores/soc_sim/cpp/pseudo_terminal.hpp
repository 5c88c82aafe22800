// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// A pseudo-terminal that other programs open as they open a serial port.
#pragma once

#include <deque>
#include <string>

namespace heepstor::sim {

class PseudoTerminal {
 public:
  // Makes the terminal, and `link` a symbolic link to it; throws UserError if that fails.
  explicit PseudoTerminal(const std::string& link);
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  // The next byte from the other side, or -1 if there is none now.
  int Get();

  // Sends a byte to the other side. What nobody fetches is kept, up to a limit.
  void Put(char byte);

  // Sends what is kept, as far as the other side takes it.
  void Flush();

 private:
  std::string link_;
  int master_ = -1;
  int slave_ = -1;  // held open, so that the other side may come and go
  std::deque<char> received_;
  std::string kept_;
};

}  // namespace heepstor::sim
