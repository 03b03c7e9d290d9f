/* AVX2: Haswell, Zen and later. */
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#include <immintrin.h>
#include <stdbool.h>

#include "../kernel_support.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define CK_SET avx2
#define CK_TILE 12
#define CK_ACCUMULATORS 8
#define CK_SHAPES {1, 4}
#define CK_TILES(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1)

#include "vectors_256.h"
#include "x86_set.h"

#pragma clang attribute pop
#endif
