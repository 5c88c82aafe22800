#include "cpu_engine.hpp"

namespace selftest {
namespace {

namespace config = heepstor::config;
namespace engine = heepstor::engine;
namespace software = heepstor::software;

float buffer[kGeometry.buffer_words];
float accumulators[kGeometry.accumulator_depth * config::kArraySize *
                   software::sums_per_accumulator(config::kInt8)];
std::uint64_t table[engine::kSegments];
std::int8_t byte_table[software::kByteTableBytes];

}  // namespace

engine::Result run_on_cpu(const engine::Descriptor* first) {
  const software::Engine cpu{{reinterpret_cast<unsigned char*>(config::kMemoryBase),
                              config::kMemoryBase, config::kMemoryBytes},
                             kGeometry,
                             buffer,
                             accumulators,
                             table,
                             byte_table};
  return software::run(cpu, engine::Address(first).value);
}

bool succeeds(const engine::Result& result) {
  engine::report(result);
  return result.ok();
}

}  // namespace selftest
