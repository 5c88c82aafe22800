// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// The two functions of LZ4 (https://lz4.org) that Verilator's FST writer calls; see
// compression.cpp.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// Largest size that `size` bytes can become.
int LZ4_compressBound(int size);

// Compresses into the LZ4 block format; returns the number of bytes written, 0 if `capacity` is
// less than LZ4_compressBound.
int LZ4_compress_default(const char* source, char* target, int size, int capacity);

#ifdef __cplusplus
}
#endif
