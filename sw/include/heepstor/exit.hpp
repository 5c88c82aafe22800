// The end of the program.
#pragma once

namespace heepstor {

/// Waits until everything printed has left, then ends the program. 0 means success. main()'s return
/// value does the same. A simulation of this program ends; where the boot ROM's loader has started
/// it, the loader reports the code to the host and waits for the next program.
[[noreturn]] void exit(int code);

}  // namespace heepstor
