// A board made of a process: what loader.cpp and server.cpp share.
#pragma once

#include <cstdint>

/// What soc_ctrl tells: set by the command line and by the end of a program.
struct BoardState {
  std::uint32_t config_hash = 0;
  std::uint32_t exited = 0;
  std::uint32_t exit_code = 0;
  std::uint32_t session = 0;
};
extern BoardState board;

/// Hardware as a program leaves it that never ends: the engine at work and under a time limit, and
/// the stack guarded.
struct LeftBehind {
  bool is_busy = true;
  bool is_limited = true;
  bool is_guarded = true;

  bool is_settled() const { return !is_busy && !is_limited && !is_guarded; }
};
extern LeftBehind left;
