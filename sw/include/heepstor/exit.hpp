// The end of the program.
#pragma once

namespace heepstor {

/// Waits until everything printed has been sent, then ends the program; 0 means success. Returning
/// from main() does the same. A simulation of this program ends; if the boot ROM's loader started
/// it, the loader reports the exit code to the host and waits for the next program.
[[noreturn]] void exit(int code);

}  // namespace heepstor
