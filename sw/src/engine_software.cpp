// Runs chains on the CPU, for firmware built with HEEPSTOR_OPERATORS_SOFTWARE.
#ifdef HEEPSTOR_OPERATORS_SOFTWARE

#include "heepstor/arena.hpp"
#include "heepstor/engine.hpp"
#include "heepstor/software_engine.hpp"

namespace heepstor::engine {
namespace {

HEEPSTOR_ARENA float activation_buffer[config::kBufferWords];
HEEPSTOR_ARENA float accumulators[config::kAccumulatorDepth * config::kArraySize *
                                  software::sums_per_accumulator(config::kInt8)];
HEEPSTOR_ARENA std::uint64_t table[kSegments];
HEEPSTOR_ARENA std::int8_t byte_table[software::kByteTableBytes];

}  // namespace

void check_hardware() {}

Result run(const Descriptor* first) {
  const software::Engine cpu{
      {reinterpret_cast<unsigned char*>(config::kMemoryBase), config::kMemoryBase,
       config::kMemoryBytes},
      {config::kArraySize, config::kBufferWords, config::kAccumulatorDepth, config::kInt8},
      activation_buffer,
      accumulators,
      table,
      byte_table,
  };
  return software::run(cpu, Address(first).value);
}

}  // namespace heepstor::engine

#endif  // HEEPSTOR_OPERATORS_SOFTWARE
