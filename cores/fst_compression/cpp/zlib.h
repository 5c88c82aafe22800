// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// The two functions of zlib (https://zlib.net) that Verilator's FST writer calls; see
// compression.cpp.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned char Bytef;
typedef unsigned long uLong;
typedef unsigned long uLongf;

#define Z_OK 0
#define Z_BUF_ERROR (-5)

// Largest size that `size` bytes can become.
uLong compressBound(uLong size);

// Writes a zlib stream; `*target_size` is the capacity on entry, the stream's size on return.
int compress2(Bytef* target, uLongf* target_size, const Bytef* source, uLong size, int level);

#ifdef __cplusplus
}
#endif
