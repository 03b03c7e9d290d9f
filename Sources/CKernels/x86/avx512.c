/* AVX-512 without VNNI: Skylake-SP. */
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#include <immintrin.h>
#include <stdbool.h>

#include "../winograd.h"

#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#define CK_SET avx512
#define CK_TILE 24
#define CK_ACCUMULATORS 24
#define CK_WIDEST 4
#define CK_WIDTHS(X) X(4) X(2) X(1)
#define CK_MOST_PIXELS {12, 12, 0, 6}
#define CK_TILES(X) \
  X(1, 4) X(2, 4) X(4, 4) X(6, 4) \
  X(1, 2) X(2, 2) X(4, 2) X(8, 2) X(12, 2) \
  X(1, 1) X(2, 1) X(4, 1) X(8, 1) X(12, 1)
#define CK_RUN_SUMS 28
#define CK_RUN_WIDTHS(X) X(1) X(2) X(3)
#define CK_RUN_TILES(X) \
  X(1, 3) X(2, 3) X(4, 3) X(7, 3) \
  X(1, 2) X(2, 2) X(4, 2) X(7, 2) X(8, 2) X(14, 2) \
  X(1, 1) X(2, 1) X(4, 1) X(8, 1) X(14, 1)
#define CK_BYTE_TILES(X) \
  X(1, 3) X(2, 3) X(4, 3) X(7, 3) \
  X(1, 2) X(2, 2) X(4, 2) X(7, 2) \
  X(1, 1) X(2, 1) X(4, 1) X(8, 1) X(14, 1)
#define CK_BYTE_COST 9
#define CK_WINOGRAD_VECTORS 2
#define CK_WINOGRAD_SINGLE
#define CK_WINOGRAD_TILES(X) X(1) X(2) X(3) X(4) X(5) X(6)

#include "vectors_512.h"
#include "x86_set.h"

#pragma clang attribute pop
#endif
