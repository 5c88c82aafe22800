"""The contract as a C++ header; that it has the layout of Python's is tested with the builder."""

from __future__ import annotations

from flows.contract import cpp
from tests.support.small_contract import CONTRACT

EXPECTED = """\
/// Why.
enum class Error : std::uint8_t {
  // No error.
  kNone = 0,
  // A word is bad.
  kBadWord = 2,
};

// Bits of Descriptor::control.
/// What to do.
inline constexpr std::uint32_t kControlKind = 0x000000ff;
inline constexpr std::uint32_t kControlKindShift = 0;
/// Whether to.
inline constexpr std::uint32_t kControlFlag = 0x00000100;
/// How long.
inline constexpr std::uint32_t kControlWait = 0x00000600;
inline constexpr std::uint32_t kControlWaitShift = 9;
/// Must be zero.
inline constexpr std::uint32_t kControlReservedControl = 0xfffff800;

/// One job, as it stands in memory.
struct alignas(kDescriptorAlignment) Descriptor {
  /// Bits: kControl...
  std::uint32_t control = 2;
  /// In x.
  std::uint16_t width = 0;
  /// In y.
  std::uint8_t height = 0;
  /// In z.
  std::int8_t depth = -128;
  /// Factor.
  std::uint32_t slope = 0xff800000;
};
static_assert(sizeof(Descriptor) == 12);
"""


def test_integers_are_members_and_flags_are_bits() -> None:
    text = cpp.header(CONTRACT)
    assert EXPECTED in text
    assert "kVersion = 5;" in text
    assert "kDescriptorAlignment = 16;" in text
    assert "kMostCrossings = 3;" in text
