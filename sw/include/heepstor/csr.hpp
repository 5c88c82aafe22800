// Control and status registers of the CPU.
#pragma once

#include <cstdint>

#define HEEPSTOR_CSR_READ(name)                              \
  ({                                                         \
    std::uint32_t value_;                                    \
    asm volatile("csrr %0, " name : "=r"(value_)::"memory"); \
    value_;                                                  \
  })
#define HEEPSTOR_CSR_SET(name, mask) \
  asm volatile("csrs " name ", %0" ::"r"(static_cast<std::uint32_t>(mask)) : "memory")
#define HEEPSTOR_CSR_CLEAR(name, mask) \
  asm volatile("csrc " name ", %0" ::"r"(static_cast<std::uint32_t>(mask)) : "memory")
