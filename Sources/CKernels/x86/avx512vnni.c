/* AVX-512 with VNNI: Cascade Lake, Ice Lake, Zen 4 and later. */
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#include <immintrin.h>
#include <stdbool.h>

#include "../kernel_support.h"

#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

#define CK_SET avx512vnni
#define CK_DPBUSD _mm512_dpbusd_epi32
#define CK_TILE 12
#define CK_ACCUMULATORS 24
#define CK_SHAPES {4, 6}, {2, 12}, {1, 12}
#define CK_TILES(X) \
  X(1, 4) X(2, 4) X(3, 4) X(4, 4) X(5, 4) X(6, 4) \
  X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2) \
  X(7, 2) X(8, 2) X(9, 2) X(10, 2) X(11, 2) X(12, 2) \
  X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1) \
  X(7, 1) X(8, 1) X(9, 1) X(10, 1) X(11, 1) X(12, 1)

#include "vectors_512.h"
#include "x86_set.h"

#pragma clang attribute pop
#endif
