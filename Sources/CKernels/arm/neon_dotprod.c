/* NEON with s8 x s8 dot products: Cortex-A55, A75, A76, Neoverse N1 and later. */
#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#include <arm_neon.h>
#include <stdbool.h>

#include "../kernel_support.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#define CK_SET neon_dotprod
#define CK_DOT
#include "neon_set.h"

#pragma clang attribute pop
#endif
