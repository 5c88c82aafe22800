// Malformed descriptors: the engine reports them, and works normally afterwards.

#include "heepstor/cycles.hpp"
#include "heepstor/engine.hpp"
#include "heepstor/mmio.hpp"
#include "regs_engine.hpp"
#include "selftest.hpp"
#include "workspace.hpp"

namespace selftest {
namespace {

namespace config = heepstor::config;
namespace engine = heepstor::engine;
namespace regs = heepstor::regs::engine;

using engine::Descriptor;
using engine::Error;

constexpr std::uint32_t kMemoryEnd = config::kMemoryBase + config::kMemoryBytes;
constexpr std::uint32_t kPeripheral = config::kUartBase;

Workspace workspace;

/// One fault in an otherwise good descriptor.
struct Fault {
  const char* name;
  Error error;
  void (*break_it)(Descriptor& descriptor);
};

constexpr Fault kFaults[] = {
    {"unknown operation", Error::kBadOperation,
     [](Descriptor& d) { d.control = (d.control & ~engine::kControlOperation) | 0x7F; }},
    {"operation 0", Error::kBadOperation,
     [](Descriptor& d) { d.control &= ~engine::kControlOperation; }},
    {"reserved bits", Error::kBadOperation, [](Descriptor& d) { d.control |= 1u << 31; }},
    {"unknown fence", Error::kBadOperation,
     [](Descriptor& d) { d.control |= engine::kControlFence; }},
    {"span of runs in x", Error::kBadOperation,
     [](Descriptor& d) {
       d.control |= engine::kControlSpan;
       ++d.runs_x;
     }},
    {"span between banks", Error::kBadOperation,
     [](Descriptor& d) {
       d.control |= engine::kControlSpan;
       ++d.runs_y;
       d.run_pitch_y = d.run_words + 1;
     }},
    {"window beyond positions", Error::kBadOperation, [](Descriptor& d) { ++d.window_rows; }},
    {"no rows to load", Error::kZeroDimension, [](Descriptor& d) { d.load_rows = 0; }},
    {"no words to load", Error::kZeroDimension, [](Descriptor& d) { d.load_words = 0; }},
    {"no positions", Error::kZeroDimension,
     [](Descriptor& d) {
       d.position_columns = 0;
       d.control &= ~engine::kControlStoreMemory;
     }},
    {"empty run", Error::kZeroDimension, [](Descriptor& d) { d.run_words = 0; }},
    {"no runs", Error::kZeroDimension, [](Descriptor& d) { d.runs_y = 0; }},
    {"no tiles", Error::kZeroDimension, [](Descriptor& d) { d.tiles = 0; }},
    {"no channels", Error::kZeroDimension, [](Descriptor& d) { d.channels = 0; }},
    {"nothing to store", Error::kZeroDimension, [](Descriptor& d) { d.store_rows = 0; }},
    {"load beyond the buffer", Error::kBufferOverflow,
     [](Descriptor& d) { d.load_base = config::kBufferWords - 1; }},
    {"fill beyond the buffer", Error::kBufferOverflow,
     [](Descriptor& d) {
       d.control |= engine::kControlFill;
       d.load_tail = config::kBufferWords - 1;
     }},
    {"input beyond the buffer", Error::kBufferOverflow,
     [](Descriptor& d) { d.input_base = config::kBufferWords - 1; }},
    {"store beyond the buffer", Error::kBufferOverflow,
     [](Descriptor& d) {
       d.control |= engine::kControlStoreBuffer;
       d.store_base = config::kBufferWords - 1;
     }},
    {"accumulator overflow", Error::kAccumulatorOverflow,
     [](Descriptor& d) { d.accumulator = config::kAccumulatorDepth; }},
    {"source is null", Error::kBadAddress, [](Descriptor& d) { d.source = 0; }},
    {"source beyond memory", Error::kBadAddress, [](Descriptor& d) { d.source = kMemoryEnd - 4; }},
    {"source misaligned", Error::kBadAddress, [](Descriptor& d) { d.source += 2; }},
    {"source pitch", Error::kBadAddress, [](Descriptor& d) { d.source_pitch_y = 0x60000000; }},
    {"weights in a peripheral", Error::kBadAddress, [](Descriptor& d) { d.weights = kPeripheral; }},
    {"weights misaligned", Error::kBadAddress, [](Descriptor& d) { d.weights += 4; }},
    {"parameters beyond memory", Error::kBadAddress,
     [](Descriptor& d) { d.parameters = kMemoryEnd; }},
    {"destination below memory", Error::kBadAddress,
     [](Descriptor& d) { d.destination = config::kMemoryBase - 16; }},
    {"destination misaligned", Error::kBadAddress, [](Descriptor& d) { d.destination += 1; }},
    {"residual beyond memory", Error::kBadAddress,
     [](Descriptor& d) {
       d.control |= engine::kControlAddResidual;
       d.residual = kMemoryEnd - 4;
     }},
    {"profile beyond memory", Error::kBadAddress, [](Descriptor& d) { d.profile = kMemoryEnd; }},
};

bool is_error(const char* name, const engine::Result& result, Error error, std::uint32_t index,
              std::uint32_t address) {
  bool good = equal("error code", static_cast<std::uint32_t>(result.error),
                    static_cast<std::uint32_t>(error));
  good &= equal("index", result.index, index);
  good &= equal("address", result.address, address);
  return good || holds(false, name);
}

/// The engine still works.
bool works() {
  const Product& product = kProducts[0];
  const Descriptor good = prepare(product, workspace);
  const engine::Result result = engine::run(&good);
  engine::report(result);
  return result.ok() && outputs_equal(product, workspace);
}

/// The faulty descriptor is the second in a chain.
bool is_reported(const Fault& fault) {
  Descriptor chain[2];
  chain[0] = chain[1] = prepare(kProducts[1], workspace);
  chain[0].next = engine::Address(&chain[1]).value;
  fault.break_it(chain[1]);
  return is_error(fault.name, engine::run(chain), fault.error, 1, chain[0].next);
}

bool bad_descriptor_addresses_are_reported() {
  Descriptor descriptor = prepare(kProducts[1], workspace);
  const auto* misaligned =
      reinterpret_cast<const Descriptor*>(reinterpret_cast<const unsigned char*>(&descriptor) + 4);
  bool good = is_error("misaligned descriptor", engine::run(misaligned), Error::kBadDescriptor, 0,
                       engine::Address(misaligned).value);
  descriptor.next = kMemoryEnd;
  good &= is_error("next beyond memory", engine::run(&descriptor), Error::kBadDescriptor, 1,
                   kMemoryEnd);
  return good & is_error("no descriptor", engine::run(nullptr), Error::kBadDescriptor, 0, 0);
}

}  // namespace

bool engine_reports_errors() {
  bool good = true;
  for (const Fault& fault : kFaults) good &= is_reported(fault) && works();
  good &= bad_descriptor_addresses_are_reported();
  return good & works();
}

/// A doorbell while a chain runs raises the error interrupt; the chain continues.
bool engine_refuses_a_second_doorbell() {
  constexpr std::uint32_t kPatience = 20000;
  const auto address = [](std::uint32_t offset) { return config::kEngineBase + offset; };
  const Product& product = kProducts[2];
  const Descriptor descriptor = prepare(product, workspace);
  heepstor::write_register(address(regs::kDescriptorOffset), engine::Address(&descriptor).value);
  asm volatile("" ::: "memory");
  heepstor::write_register(address(regs::kDoorbellOffset), regs::kDoorbellStartMask);
  heepstor::write_register(address(regs::kDoorbellOffset), regs::kDoorbellStartMask);
  const std::uint32_t start = heepstor::cycles();
  const auto busy = [&] {
    return (heepstor::read_register(address(regs::kStatusOffset)) & regs::kStatusBusyMask) != 0;
  };
  while (busy() && heepstor::cycles() - start < kPatience) {
  }
  bool good = holds(!busy(), "the chain does not end");
  const std::uint32_t raised = heepstor::read_register(address(regs::kInterruptOffset));
  heepstor::write_register(address(regs::kInterruptOffset), raised);
  good &= equal("interrupts", raised, regs::kInterruptDoneMask | regs::kInterruptErrorMask);
  const std::uint32_t error = heepstor::read_register(address(regs::kErrorOffset));
  good &=
      equal("error code", error & regs::kErrorCodeMask, static_cast<std::uint32_t>(Error::kBusy));
  asm volatile("" ::: "memory");
  return good & outputs_equal(product, workspace) && works();
}

}  // namespace selftest
