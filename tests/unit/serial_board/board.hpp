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
