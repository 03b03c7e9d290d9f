/* AVX2: Haswell, Zen and later. */
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#include <immintrin.h>
#include <stdbool.h>

#include "../winograd.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define CK_SET avx2
#define CK_TILE 12
#define CK_ACCUMULATORS 12
#define CK_WIDEST 1
#define CK_WIDTHS(X) X(1)
#define CK_MOST_PIXELS {6}
#define CK_TILES(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1)
#define CK_RUN_SUMS 12
#define CK_RUN_WIDTHS(X) X(1)
#define CK_RUN_TILES(X) X(1, 1) X(2, 1) X(4, 1) X(6, 1)
#define CK_BYTE_TILES(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1)
#define CK_BYTE_COST 12
#define CK_WINOGRAD_VECTORS 2
#define CK_WINOGRAD_TILES(X) X(1) X(2) X(3)

#include "vectors_256.h"
#include "x86_set.h"

#pragma clang attribute pop
#endif
