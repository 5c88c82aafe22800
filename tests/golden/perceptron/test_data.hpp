// Test inputs for the network, and the expected outputs, bit for bit.
#pragma once

#include <cstddef>
#include <cstdint>

/// kInferences times model::kInputSize values (inputs.bin).
extern "C" const float test_inputs[];
/// Bits of kInferences times model::kOutputSize values (expected.bin).
extern "C" const std::uint32_t test_expected[];

inline constexpr std::size_t kInferences = 2;
