/* NEON with u8 x s8 dot products: Cortex-A510, A710, Neoverse V1, N2 and later. */
#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#include <arm_neon.h>
#include <stdbool.h>

#include "../kernel_support.h"

#pragma clang attribute push(__attribute__((target("i8mm,dotprod"))), apply_to = function)

#define CK_SET neon_i8mm
#define CK_DOT
#define CK_MIXED_SIGN
#include "neon_set.h"

#pragma clang attribute pop
#endif
