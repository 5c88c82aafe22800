// The end of the program.
#pragma once

namespace heepstor {

/// Waits until everything printed has left, then ends the program. 0 means success. main()'s return
/// value does the same.
[[noreturn]] void exit(int code);

}  // namespace heepstor
