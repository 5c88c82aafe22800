#include "heepstor/softmax.hpp"

namespace heepstor {

void softmax(const float* logits, float* out, std::size_t n) {
  constexpr std::size_t kUnroll = 2;
  if (n != 0) detail::softmax<kUnroll>(logits, out, n);
}

}  // namespace heepstor
