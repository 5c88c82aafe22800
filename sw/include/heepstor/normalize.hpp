// Normalization of groups of channels: layer norm, group norm, instance norm, RMS norm.
#pragma once

#include <cstddef>

#include "heepstor/bits.hpp"
#include "heepstor/fold.hpp"

namespace heepstor {

/// Sizes of a tensor (outer, middle, channels). Values of one `outer` and one group of channels,
/// whatever their `middle`, are normalized together.
struct NormalizeShape {
  std::size_t outer;
  std::size_t middle;
  std::size_t channels;
  std::size_t groups;
};

namespace detail {

/// The values of a group: `count` runs of `length` values each, and the distances between runs and
/// within one. The longer dimension is a run: channels, or what each channel has.
struct Runs {
  std::size_t count;
  std::size_t length;
  std::size_t between;
  std::size_t within;
  bool along_channels;
};

/// Sum of a function of all values of a group.
template <class Include>
inline __attribute__((always_inline)) float sum_of_runs(const float* values, const Runs& runs,
                                                        const Include& include) {
  const auto add = [](float left, float right) { return left + right; };
  float total = 0.0f;
  for (std::size_t run = 0; run < runs.count; ++run, values += runs.between) {
    total += fold(values, runs.length, runs.within, 0.0f, include, add);
  }
  return total;
}

/// A value normalized; with weight and bias.
struct Scale {
  float mean;
  float factor;

  float apply(float value) const { return (value - mean) * factor; }
  float apply(float value, float weight) const { return apply(value) * weight; }
  float apply(float value, float weight, float bias) const {
    return __builtin_fmaf(apply(value), weight, bias);
  }
};

/// out[i * step] = scale.apply(values[i * step], constants[i * constant_step]...) for i < n.
template <class... Constants>
inline __attribute__((always_inline)) void scale_run(const float* values, float* out, std::size_t n,
                                                     std::size_t step, const Scale& scale,
                                                     std::size_t constant_step,
                                                     Constants... constants) {
  constexpr std::size_t kTogether = 4;
  for (; n >= kTogether; n -= kTogether) {
    float results[kTogether];
    for (std::size_t i = 0; i < kTogether; ++i) {
      results[i] = scale.apply(values[i * step], constants[i * constant_step]...);
    }
    for (std::size_t i = 0; i < kTogether; ++i) out[i * step] = canonical_result(results[i]);
    values += kTogether * step;
    out += kTogether * step;
    ((constants += kTogether * constant_step), ...);
  }
  for (std::size_t i = 0; i < n; ++i) {
    out[i * step] =
        canonical_result(scale.apply(values[i * step], constants[i * constant_step]...));
  }
}

/// Normalizes a group. `share` is 1 / its number of values; `constants` are those of its channels.
template <bool centered, class... Constants>
inline __attribute__((always_inline)) void normalize_group(const float* values, float* out,
                                                           const Runs& runs, float share,
                                                           float epsilon, Constants... constants) {
  const auto add = [](float sum, float value) { return sum + value; };
  const float mean = centered ? sum_of_runs(values, runs, add) * share : 0.0f;
  const auto add_square = [mean](float sum, float value) {
    const float difference = centered ? value - mean : value;
    return __builtin_fmaf(difference, difference, sum);
  };
  const float variance = sum_of_runs(values, runs, add_square) * share;
  const Scale scale{mean, 1.0f / __builtin_sqrtf(variance + epsilon)};
  for (std::size_t run = 0; run < runs.count; ++run) {
    scale_run(values, out, runs.length, runs.within, scale, runs.along_channels ? 1 : 0,
              constants...);
    values += runs.between;
    out += runs.between;
    if (!runs.along_channels) ((++constants), ...);
  }
}

template <bool centered, class... Constants>
void normalize(const float* values, float* out, const NormalizeShape& shape, float epsilon,
               Constants... constants) {
  const std::size_t width = shape.channels / shape.groups;
  const float share = 1.0f / static_cast<float>(shape.middle * width);
  for (std::size_t o = 0; o < shape.outer; ++o) {
    for (std::size_t first = 0; first < shape.channels; first += width) {
      const float* from = values + first;
      float* to = out + first;
      if (shape.middle > width) {
        const Runs runs{width, shape.middle, 1, shape.channels, false};
        normalize_group<centered>(from, to, runs, share, epsilon, (constants + first)...);
      } else {
        const Runs runs{shape.middle, width, shape.channels, 1, true};
        normalize_group<centered>(from, to, runs, share, epsilon, (constants + first)...);
      }
    }
    values += shape.middle * shape.channels;
    out += shape.middle * shape.channels;
  }
}

}  // namespace detail

/// out = (values - mean) / sqrt(variance + epsilon), of each group; without mean if not `centered`.
template <bool centered>
void normalize(const float* values, float* out, const NormalizeShape& shape, float epsilon) {
  detail::normalize<centered>(values, out, shape, epsilon);
}

/// The same, times the weight of each channel.
template <bool centered>
void normalize(const float* values, const float* weight, float* out, const NormalizeShape& shape,
               float epsilon) {
  detail::normalize<centered>(values, out, shape, epsilon, weight);
}

/// The same, plus the bias of each channel.
template <bool centered>
void normalize(const float* values, const float* weight, const float* bias, float* out,
               const NormalizeShape& shape, float epsilon) {
  detail::normalize<centered>(values, out, shape, epsilon, weight, bias);
}

}  // namespace heepstor
