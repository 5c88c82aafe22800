#include "heepstor/software_engine.hpp"

#include "heepstor/cycles.hpp"
#include "software_job.hpp"

namespace heepstor::software {
namespace {

using engine::Descriptor;
using engine::Error;

constexpr std::uint32_t kLastIndex = 65535;

/// Only cycles: there is no array to be busy, and nothing waits.
void write_profile(const Engine& engine, const Job& job, std::uint32_t start) {
  if (job.fields.profile == 0) return;
  engine::Profile counters;
  counters.cycles = cycles() - start;
  *pointer<engine::Profile>(engine.memory, job.fields.profile) = counters;
}

}  // namespace

engine::Result run(const Engine& engine, std::uint32_t first) {
  const std::uint32_t start = cycles();
  std::uint32_t address = first;
  for (std::uint32_t index = 0;; ++index) {
    const auto stopped = [&](Error error) { return engine::Result{error, index, address}; };
    if (!contains(engine.memory, address, sizeof(Descriptor), engine::kDescriptorAlignment)) {
      return stopped(Error::kBadDescriptor);
    }
    const Job job(*pointer<const Descriptor>(engine.memory, address));
    const Error error = check(engine, job);
    if (error != Error::kNone) return stopped(error);
    if (index == kLastIndex && job.fields.next != 0) return stopped(Error::kChainTooLong);
    load(engine, job);
    compute(engine, job);
    store(engine, job);
    write_profile(engine, job, start);
    if (job.fields.next == 0) return {};
    address = job.fields.next;
  }
}

}  // namespace heepstor::software
