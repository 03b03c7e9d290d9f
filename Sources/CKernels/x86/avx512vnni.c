/* AVX-512 with VNNI: Cascade Lake, Ice Lake, Zen 4 and later. */
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#include <immintrin.h>
#include <stdbool.h>

#include "../winograd.h"

#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

#define CK_SET avx512vnni
#define CK_DPBUSD _mm512_dpbusd_epi32
#define CK_DPWSSD "vpdpwssd"
#define CK_VBMI /* is used where it is there */
#define CK_TILE 12
#define CK_ACCUMULATORS 12
#define CK_SHAPES {2, 6}, {1, 6}
#define CK_TILES(X) \
  X(1, 2) X(2, 2) X(3, 2) X(4, 2) X(5, 2) X(6, 2) \
  X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1)
#define CK_RUN_SUMS 28
#define CK_RUN_WIDTHS(X) X(1) X(2) X(3) X(4)
#define CK_RUN_TILES(X) \
  X(1, 4) X(2, 4) X(4, 4) X(5, 4) \
  X(1, 3) X(2, 3) X(4, 3) X(7, 3) \
  X(1, 2) X(2, 2) X(4, 2) X(7, 2) X(8, 2) X(14, 2) \
  X(1, 1) X(2, 1) X(4, 1) X(8, 1) X(14, 1)
#define CK_DEEP_STEPS 100
#define CK_DEEP_WIDEST 3
#define CK_WINOGRAD_VECTORS 2
#define CK_WINOGRAD_TILES(X) X(1) X(2) X(3) X(4) X(5) X(6)

#include "vectors_512.h"
#include "x86_set.h"

#pragma clang attribute pop
#endif
