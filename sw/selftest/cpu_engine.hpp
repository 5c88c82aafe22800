// The engine's work done by the CPU, for comparison.
#pragma once

#include "heepstor/engine.hpp"
#include "heepstor/software_engine.hpp"

namespace selftest {

/// The smallest engine that can be configured, with this one's array.
inline constexpr heepstor::software::Geometry kGeometry{heepstor::config::kArraySize, 256, 16,
                                                        heepstor::config::kInt8};

/// Runs a chain on the CPU, with buffer and accumulators of the smallest engine.
heepstor::engine::Result run_on_cpu(const heepstor::engine::Descriptor* first);

/// Prints why a chain was stopped; returns whether it was not.
bool succeeds(const heepstor::engine::Result& result);

}  // namespace selftest
