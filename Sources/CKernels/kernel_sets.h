/* The kernel sets of this architecture, best first: the one list that declarations, detection,
 * names, tests and benchmarks follow. X(name, requirement): the requirement is an expression
 * over the `cpu` record of kernel_sets.c. To add a set: a file that defines `ck_kernels_<name>`
 * and `ck_pixel_kernels_<name>`, one line here. */
#ifndef CK_KERNEL_SETS_H
#define CK_KERNEL_SETS_H

#include <stdbool.h>

#include "ckernels.h"

#if defined(__x86_64__)
#define CK_KERNEL_SETS(X) \
  X(avx512vnni, cpu.avx512 && cpu.avx512vnni) \
  X(avxvnni, cpu.avx2 && cpu.avxvnni) \
  X(avx512, cpu.avx512) \
  X(avx2, cpu.avx2) \
  X(sse41, cpu.sse41)
#elif defined(__aarch64__)
#define CK_KERNEL_SETS(X) \
  X(neon_i8mm, cpu.dot_product && cpu.i8mm) \
  X(neon_dotprod, cpu.dot_product) \
  X(neon, cpu.neon)
#elif defined(__arm__) && defined(__ARM_FP)
#define CK_KERNEL_SETS(X) X(neon, cpu.neon)
#else
#define CK_KERNEL_SETS(X)
#endif

/* Whether AVX-512's permutations of bytes are there, as they are in Ice Lake and Zen 4, but not in Cascade Lake. */
bool ck_has_vbmi(void);

#define CK_DECLARE(name, requirement) \
  extern const ck_kernels ck_kernels_##name; \
  extern const ck_pixel_kernels ck_pixel_kernels_##name;
CK_KERNEL_SETS(CK_DECLARE)
#undef CK_DECLARE

#endif
