/* AVX2 with VNNI: Alder Lake and later without AVX-512. */
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#include <immintrin.h>
#include <stdbool.h>

#include "../winograd.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)

#define CK_SET avxvnni
#define CK_DPBUSD _mm256_dpbusd_avx_epi32
#define CK_DPWSSD "%{vex%} vpdpwssd"
#define CK_TILE 12
#define CK_ACCUMULATORS 12
#define CK_SHAPES {2, 3}, {1, 6}
#define CK_TILES(X) \
  X(1, 2) X(2, 2) X(3, 2) \
  X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1)
#define CK_RUN_SUMS 12
#define CK_RUN_WIDTHS(X) X(1) X(2)
#define CK_RUN_TILES(X) \
  X(1, 2) X(2, 2) X(3, 2) \
  X(1, 1) X(2, 1) X(4, 1) X(6, 1)
#define CK_WINOGRAD_VECTORS 2
#define CK_WINOGRAD_TILES(X) X(1) X(2) X(3)

#include "vectors_256.h"
#include "x86_set.h"

#pragma clang attribute pop
#endif
