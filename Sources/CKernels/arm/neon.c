/* NEON without dot products: ARMv7-A, Cortex-A53, A57, A72. */
#if defined(__aarch64__) || (defined(__arm__) && defined(__ARM_NEON))
#pragma STDC FP_CONTRACT OFF
#include <arm_neon.h>
#include <stdbool.h>

#include "../kernel_support.h"

#define CK_SET neon
#include "neon_set.h"
#endif
