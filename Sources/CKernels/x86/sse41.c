/* SSE4.1: Nehalem, Silvermont, Goldmont. */
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#include <immintrin.h>
#include <stdbool.h>

#include "../winograd.h"

#pragma clang attribute push(__attribute__((target("ssse3,sse4.1"))), apply_to = function)

#define CK_SET sse41
#define CK_TILE 12
#define CK_ACCUMULATORS 8
#define CK_WIDEST 1
#define CK_WIDTHS(X) X(1)
#define CK_MOST_PIXELS {2}
#define CK_TILES(X) X(1, 1) X(2, 1)
#define CK_RUN_SUMS 8
#define CK_RUN_WIDTHS(X) X(1)
#define CK_RUN_TILES(X) X(1, 1) X(2, 1)
#define CK_BYTE_TILES(X) X(1, 1) X(2, 1)
#define CK_BYTE_COST 13
#define CK_WINOGRAD_VECTORS 4
#define CK_WINOGRAD_TILES(X) X(1) X(2)

#include "vectors_128.h"
#include "x86_set.h"

#pragma clang attribute pop
#endif
