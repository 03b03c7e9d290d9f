/* The most multiply-accumulates a second that one core can do with the instructions of a kernel set,
 * in registers.
 *
 *   roofline SET     prints {"int8_gmacs":…,"int8_with":"…","fp32_gmacs":…}; status 3 where
 *                    there is none for the set
 *
 * Best of several runs, after a warm-up that lets the clock settle. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { warm_up_milliseconds = 100, runs = 20, loops = 20000 };

/* A step of the loop for each of ten accumulators, with a register for a product that needs one. */
#define TEN(S) S(2, 6) S(3, 7) S(4, 8) S(5, 9) S(2, 10) S(3, 11) S(4, 12) S(5, 13) S(2, 14) S(3, 15)
#define KERNEL(name, step, counter) \
  static void name(void) { \
    long n = loops; \
    __asm__ volatile("1:\n" TEN(step) counter : "+r"(n)::"memory", "cc" CLOBBERS); \
  }

#if defined(__x86_64__)
#define CLOBBERS \
  , "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
    "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define LOOP "dec %0\njnz 1b\n"
#define DPBUSD_512(t, a) "vpdpbusd %%zmm0,%%zmm1,%%zmm" #a "\n"
#define DPBUSD_256(t, a) "%{vex%} vpdpbusd %%ymm0,%%ymm1,%%ymm" #a "\n"
#define MADDWD_512(t, a) \
  "vpmaddwd %%zmm0,%%zmm1,%%zmm" #t "\nvpaddd %%zmm" #t ",%%zmm" #a ",%%zmm" #a "\n"
#define MADDWD_256(t, a) \
  "vpmaddwd %%ymm0,%%ymm1,%%ymm" #t "\nvpaddd %%ymm" #t ",%%ymm" #a ",%%ymm" #a "\n"
#define MADDWD_128(t, a) \
  "movdqa %%xmm0,%%xmm" #t "\npmaddwd %%xmm1,%%xmm" #t "\npaddd %%xmm" #t ",%%xmm" #a "\n"
#define FMA_512(t, a) "vfmadd231ps %%zmm0,%%zmm1,%%zmm" #a "\n"
#define FMA_256(t, a) "vfmadd231ps %%ymm0,%%ymm1,%%ymm" #a "\n"
#define MULADD_128(t, a) \
  "movaps %%xmm0,%%xmm" #t "\nmulps %%xmm1,%%xmm" #t "\naddps %%xmm" #t ",%%xmm" #a "\n"
KERNEL(dpbusd_512, DPBUSD_512, LOOP)
KERNEL(dpbusd_256, DPBUSD_256, LOOP)
KERNEL(maddwd_512, MADDWD_512, LOOP)
KERNEL(maddwd_256, MADDWD_256, LOOP)
KERNEL(maddwd_128, MADDWD_128, LOOP)
KERNEL(fma_512, FMA_512, LOOP)
KERNEL(fma_256, FMA_256, LOOP)
KERNEL(muladd_128, MULADD_128, LOOP)
#elif defined(__aarch64__)
#define CLOBBERS \
  , "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", \
    "v13", "v14", "v15"
#define LOOP "subs %0, %0, #1\nb.ne 1b\n"
#define SMMLA(t, a) ".arch armv8.2-a+i8mm\nsmmla v" #a ".4s, v0.16b, v1.16b\n"
#define SDOT(t, a) ".arch armv8.2-a+dotprod\nsdot v" #a ".4s, v0.16b, v1.16b\n"
#define SMLAL(t, a) \
  "smull v" #t ".8h, v0.8b, v1.8b\n" \
  "smlal2 v" #t ".8h, v0.16b, v1.16b\nsadalp v" #a ".4s, v" #t ".8h\n"
#define FMLA(t, a) "fmla v" #a ".4s, v0.4s, v1.4s\n"
KERNEL(smmla, SMMLA, LOOP)
KERNEL(sdot, SDOT, LOOP)
KERNEL(smlal, SMLAL, LOOP)
KERNEL(fmla, FMLA, LOOP)
#elif defined(__arm__)
#define CLOBBERS \
  , "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10", "q11", "q12", "q13", "q14", \
    "q15"
#define LOOP "subs %0, %0, #1\nbne 1b\n"
#define SMLAL(t, a) \
  "vmull.s8 q" #t ", d0, d2\nvmlal.s8 q" #t ", d1, d3\nvpadal.s16 q" #a ", q" #t "\n"
#define FMLA(t, a) "vmla.f32 q" #a ", q0, q1\n"
KERNEL(smlal, SMLAL, LOOP)
KERNEL(fmla, FMLA, LOOP)
#endif

/* A kernel set: what its dense kernels multiply with, and float instructions of the same width. */
static const struct {
  const char *set;
  void (*int8)(void);
  int int8_macs; /* of one step */
  const char *with;
  void (*fp32)(void);
  int fp32_macs;
} rooflines[] = {
#if defined(__x86_64__)
  {"avx512vnni", dpbusd_512, 64, "vpdpbusd zmm", fma_512, 16},
  {"avxvnni", dpbusd_256, 32, "vpdpbusd ymm", fma_256, 8},
  {"avx512", maddwd_512, 32, "vpmaddwd, vpaddd zmm", fma_512, 16},
  {"avx2", maddwd_256, 16, "vpmaddwd, vpaddd ymm", fma_256, 8},
  {"sse41", maddwd_128, 8, "pmaddwd, paddd xmm", muladd_128, 4},
#elif defined(__aarch64__)
  {"neon_i8mm", smmla, 32, "smmla", fmla, 4},
  {"neon_dotprod", sdot, 16, "sdot", fmla, 4},
  {"neon", smlal, 16, "smull, smlal2, sadalp", fmla, 4},
#elif defined(__arm__)
  {"neon", smlal, 16, "vmull, vmlal, vpadal", fmla, 4},
#endif
  {NULL, NULL, 0, NULL, NULL, 0},
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* 10⁹ multiply-accumulates a second. */
static double speed(void (*kernel)(void), int macs) {
  for (const double end = now() + warm_up_milliseconds * 1e-3; now() < end;) kernel();
  double best = 1e9;
  for (int run = 0; run < runs; ++run) {
    const double start = now();
    for (int k = 0; k < 10; ++k) kernel();
    const double seconds = now() - start;
    if (seconds < best) best = seconds;
  }
  return 10.0 * loops * 10 * macs / best * 1e-9;
}

int main(int count, char **words) {
  if (count != 2) {
    fputs("roofline: expected the name of a kernel set\n", stderr);
    return 2;
  }
  for (int k = 0; rooflines[k].set; ++k) {
    if (strcmp(rooflines[k].set, words[1])) continue;
    printf("{\"int8_gmacs\":%.2f,\"int8_with\":\"%s\",\"fp32_gmacs\":%.2f}\n",
           speed(rooflines[k].int8, rooflines[k].int8_macs), rooflines[k].with,
           speed(rooflines[k].fp32, rooflines[k].fp32_macs));
    return 0;
  }
  return 3;
}
