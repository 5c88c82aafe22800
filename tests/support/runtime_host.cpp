// Runs the device's run-time library on the host, as a server on standard input and output.
//
// A request is one letter and its arguments, a reply is the result; both are little-endian binary.
// tests/support/runtime_host.py is the other side.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../../sw/src/slice.hpp"
#include "../../sw/src/software_requantization.hpp"
#include "heepstor/argmax.hpp"
#include "heepstor/console.hpp"
#include "heepstor/engine.hpp"
#include "heepstor/print.hpp"
#include "heepstor/softmax.hpp"
#include "heepstor/software_engine.hpp"

// string.cpp is compiled with these names, so that the host's own functions stay in use.
extern "C" void* device_memcpy(void*, const void*, std::size_t);
extern "C" void* device_memmove(void*, const void*, std::size_t);
extern "C" void* device_memset(void*, int, std::size_t);
extern "C" int device_memcmp(const void*, const void*, std::size_t);

namespace {

using heepstor::print;

std::string printed;

void read_bytes(void* to, std::size_t count) {
  if (count != 0 && std::fread(to, count, 1, stdin) != 1) std::exit(2);
}

template <class T>
T read() {
  T value;
  read_bytes(&value, sizeof value);
  return value;
}

template <class T>
std::vector<T> read_array() {
  std::vector<T> values(read<std::uint32_t>());
  read_bytes(values.data(), values.size() * sizeof(T));
  return values;
}

template <class T>
void write(const T& value) {
  std::fwrite(&value, sizeof value, 1, stdout);
}

template <class T>
void write_array(const std::vector<T>& values) {
  write(static_cast<std::uint32_t>(values.size()));
  if (!values.empty()) std::fwrite(values.data(), sizeof(T), values.size(), stdout);
}

void slice_dot() {
  namespace software = heepstor::software;
  const auto values = read_array<float>();
  const auto weights = read_array<std::int8_t>();
  const auto lanes = static_cast<std::uint32_t>(values.size());
  const std::uint32_t exponent = software::largest_exponent(values.data(), lanes);
  float result = heepstor::to_float(heepstor::kCanonicalNanBits);
  if (exponent != software::kInvalidExponent) {
    software::with_arithmetic(exponent, [&](const auto& arithmetic) {
      std::int32_t high = 0;
      std::int32_t low = 0;
      for (std::uint32_t i = 0; i < lanes; ++i) {
        const std::int32_t integer = arithmetic.align(values[i]);
        high += software::upper_half(integer) * weights[i];
        low += software::lower_half(integer) * weights[i];
      }
      result = arithmetic.normalize(high, low);
    });
  }
  write(heepstor::to_bits(result));
}

// Sums as integers by the parameters of one channel.
void requantize() {
  const auto function = read<heepstor::software::Requantization>();
  const bool ties_even = read<std::uint32_t>() != 0;
  auto values = read_array<std::int32_t>();
  for (std::int32_t& value : values) value = function(value, ties_even);
  write_array(values);
}

// Words of any bits.
std::vector<float> junk(std::size_t count, std::mt19937& random) {
  std::vector<float> words(count);
  for (float& word : words) word = heepstor::to_float(static_cast<std::uint32_t>(random()));
  return words;
}

void run_chain() {
  const auto geometry = read<heepstor::software::Geometry>();
  const auto base = read<std::uint32_t>();
  const auto first = read<std::uint32_t>();
  std::mt19937 random(read<std::uint32_t>());
  const auto image = read_array<unsigned char>();
  // Memory of the exact size and alignment, so that the sanitizer sees any access beyond it.
  std::unique_ptr<unsigned char, decltype(&std::free)> memory(
      static_cast<unsigned char*>(std::aligned_alloc(16, image.size())), &std::free);
  std::copy(image.begin(), image.end(), memory.get());
  auto buffer = junk(geometry.buffer_words, random);
  const std::uint32_t sums = geometry.accumulator_depth * geometry.array_size *
                             heepstor::software::sums_per_accumulator(geometry.int8);
  auto accumulators = junk(sums, random);
  std::vector<std::uint64_t> table(heepstor::engine::kSegments);
  for (std::uint64_t& entry : table) entry = std::uint64_t{random()} << 32 | random();
  std::vector<std::int8_t> byte_table(heepstor::software::kByteTableBytes);
  for (std::int8_t& result : byte_table) result = static_cast<std::int8_t>(random());
  const heepstor::software::Engine engine{
      {memory.get(), base, static_cast<std::uint32_t>(image.size())},
      geometry,
      buffer.data(),
      accumulators.data(),
      table.data(),
      byte_table.data()};
  const auto result = heepstor::software::run(engine, first);
  write(static_cast<std::uint32_t>(result.error));
  write(result.index);
  write(result.address);
  write_array(std::vector<unsigned char>(memory.get(), memory.get() + image.size()));
}

template <class Function>
void map_floats(Function function) {
  const bool in_place = read<std::uint32_t>() != 0;
  auto values = read_array<float>();
  std::vector<float> out(values.size());
  float* target = in_place ? values.data() : out.data();
  function(values.data(), target, values.size());
  write_array(std::vector<float>(target, target + values.size()));
}

void softmax(const float* logits, float* out, std::size_t n) { heepstor::softmax(logits, out, n); }

// The code for rows whose length the compiler knows; of other lengths, nothing comes back.
void softmax_of_constant_length(const float* logits, float* out, std::size_t n) {
  if (n == 1) heepstor::softmax<1>(logits, out);
  if (n == 7) heepstor::softmax<7>(logits, out);
  if (n == 10) heepstor::softmax<10>(logits, out);
  if (n == 20) heepstor::softmax<20>(logits, out);
}

void print_value() {
  switch (read<char>()) {
    case 'f':
      print(read<float>());
      break;
    case 'F': {
      const auto digits = read<std::int32_t>();
      print(heepstor::fixed(read<float>(), digits));
      break;
    }
    case 'x':
      print(heepstor::hex(read<std::uint32_t>()));
      break;
    case 'i':
      print(read<std::int32_t>());
      break;
    case 'u':
      print(read<std::uint32_t>());
      break;
    case 'U':
      print(read<std::uint64_t>());
      break;
    default:
      print("text ", 'c', " ", true, " ", -1, " ", std::int16_t{-2}, " ", 0.5f, "\n");
  }
  write_array(std::vector<char>(printed.begin(), printed.end()));
  printed.clear();
}

// All of them work inside one buffer, so that overlaps and neighbours are seen.
void memory_function() {
  const auto name = read<char>();
  const auto to = read<std::uint32_t>();
  const auto from = read<std::uint32_t>();
  const auto count = read<std::uint32_t>();
  auto buffer = read_array<unsigned char>();
  std::int32_t order = 0;
  void* returned = buffer.data() + to;
  if (name == 'c') returned = device_memcpy(buffer.data() + to, buffer.data() + from, count);
  if (name == 'm') returned = device_memmove(buffer.data() + to, buffer.data() + from, count);
  if (name == 's') returned = device_memset(buffer.data() + to, static_cast<int>(from), count);
  if (name == 'p') order = device_memcmp(buffer.data() + to, buffer.data() + from, count);
  if (returned != buffer.data() + to) std::exit(3);
  write(order);
  write_array(buffer);
}

void build_descriptors() {
  namespace engine = heepstor::engine;
  const engine::Descriptor full = engine::matmul(19)
                                      .activations({10, 32}, 3, {7, 102, 105, 4})
                                      .load(0x80001000u, {384, 12})
                                      .fill(-1.5f)
                                      .input(9, {204, 6})
                                      .positions({4, 16}, 5)
                                      .span(9, 3, 105)
                                      .weights(0x80002000u)
                                      .first()
                                      .parameters(0x80003000u)
                                      .store_to_memory(0x80004000u, {640, 80})
                                      .store_to_buffer(4000, {180, 20})
                                      .residual(0x80007000u, {640, 80})
                                      .window({2, 3})
                                      .slope(0.25f)
                                      .clamp(-1.0f, 6.0f)
                                      .fence(engine::Fence::kAllButLast)
                                      .profile(0x80005000u)
                                      .next(0x80006000u);
  constexpr engine::Descriptor kPartial =
      engine::depthwise(8).input(3, {16, 8}).positions({2, 3}).runs(8, {3, 4}, {24, 8}).relu();
  constexpr engine::Descriptor kSum = engine::sum(5).runs(5).fence(engine::Fence::kAll);
  constexpr engine::Descriptor kMax = engine::max(5).fill();
  constexpr engine::Descriptor kGate =
      engine::sum(5).scales(0x80001000u).gate({4, 25}).table(0x80002000u);
  constexpr engine::Descriptor kProduct =
      engine::sum(5).function({15, 31}).multiply(0x80003000u, {80, 20});
  constexpr engine::Descriptor kPairs = engine::matmul(5)
                                            .integers(-128, -3, 127)
                                            .pairs(0x1234)
                                            .int4_weights()
                                            .ties_even()
                                            .fill_integers(-2)
                                            .table(0x80001000u)
                                            .bytes();
  constexpr engine::Descriptor kKernel = engine::depthwise(5).integers(127, -128, 6).columns(2);
  for (const engine::Descriptor& descriptor :
       {full, kPartial, kSum, kMax, kGate, kProduct, kPairs, kKernel}) {
    write(descriptor);
  }
}

/// Descriptors of a table are changed at run time.
void set_addresses() {
  heepstor::engine::Descriptor descriptor;
  heepstor::engine::set_source(descriptor, 0x80000004u);
  heepstor::engine::set_destination(descriptor, 0x80000008u);
  heepstor::engine::set_residual(descriptor, 0x8000000Cu);
  heepstor::engine::set_parameters(descriptor, 0x80000010u);
  write(descriptor);
}

void argmax() {
  const auto values = read_array<float>();
  write(static_cast<std::uint32_t>(heepstor::argmax(values.data(), values.size())));
}

void reasons() {
  std::string text;
  for (int code = 0; code <= 11; ++code) {
    text += heepstor::engine::reason(static_cast<heepstor::engine::Error>(code));
    text += '\n';
  }
  heepstor::engine::report({});
  heepstor::engine::report({heepstor::engine::Error::kZeroDimension, 7, 0x80000010});
  text += printed;
  printed.clear();
  write_array(std::vector<char>(text.begin(), text.end()));
}

}  // namespace

void heepstor::console::put(char character) { printed += character; }

int main() {
  for (int command; (command = std::getchar()) != EOF; std::fflush(stdout)) {
    switch (command) {
      case 'd':
        slice_dot();
        break;
      case 'q':
        requantize();
        break;
      case 'c':
        run_chain();
        break;
      case 's':
        map_floats(softmax);
        break;
      case 'S':
        map_floats(softmax_of_constant_length);
        break;
      case 'a':
        argmax();
        break;
      case 'p':
        print_value();
        break;
      case 'm':
        memory_function();
        break;
      case 'b':
        build_descriptors();
        break;
      case 'B':
        set_addresses();
        break;
      case 'e':
        reasons();
        break;
      default:
        return 2;
    }
  }
  return 0;
}
