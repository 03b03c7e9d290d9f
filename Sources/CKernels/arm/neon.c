/* NEON without dot products: ARMv7-A, Cortex-A53, A57, A72. */
#if defined(__aarch64__) || (defined(__arm__) && defined(__ARM_FP))
#pragma STDC FP_CONTRACT OFF
#include <arm_neon.h>
#include <stdbool.h>

#include "../kernel_support.h"

#if defined(__arm__)
/* Only here, as the rest of the program may be built for processors without NEON. All of the
 * words: a build for vfpv3-d16 takes each of these features away. */
#pragma clang attribute push(__attribute__((target("d32,vfp3sp,vfp3,neon"))), apply_to = function)
#endif

#define CK_SET neon
#include "neon_set.h"

#if defined(__arm__)
#pragma clang attribute pop
#endif
#endif
