// Memory for activations, laid out by the compiler.
#pragma once

/// Puts an array into the arena: aligned for the engine, and not zeroed at start-up.
/// Used as `HEEPSTOR_ARENA float arena[1024];`
#define HEEPSTOR_ARENA alignas(16) __attribute__((section(".bss.arena")))
