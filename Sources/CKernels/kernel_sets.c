/* Which kernel sets this CPU and its operating system can run. */
#include "kernel_sets.h"

#include <stdatomic.h>

/* What the requirements in kernel_sets.h may ask for. */
typedef struct {
#if defined(__x86_64__)
  unsigned sse41 : 1, avx2 : 1, avxvnni : 1, avx512 : 1, avx512vnni : 1, avx512vbmi : 1;
#else
  unsigned neon : 1, dot_product : 1, i8mm : 1;
#endif
} ck_cpu;

#if defined(__x86_64__)
#include <cpuid.h>

/* XCR0: which register files the operating system saves. */
static unsigned long long saved_state(void) {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (unsigned long long)high << 32 | low;
}

static ck_cpu detect(void) {
  ck_cpu cpu = {0};
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return cpu;
  cpu.sse41 = (c & bit_SSSE3) && (c & bit_SSE4_1);
  if (!(c & bit_OSXSAVE) || !(c & bit_AVX) || !(c & bit_FMA)) return cpu;
  unsigned long long saved = saved_state();
  if ((saved & 0x06) != 0x06) return cpu; /* xmm, ymm */
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return cpu;
  unsigned subleaves = a;
  cpu.avx2 = (b & bit_AVX2) != 0;
  if ((saved & 0xe6) == 0xe6) { /* and opmask, upper halves, zmm16–31 */
    const unsigned wanted = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    cpu.avx512 = (b & wanted) == wanted;
    cpu.avx512vnni = cpu.avx512 && (c & bit_AVX512VNNI);
    cpu.avx512vbmi = cpu.avx512 && (c & bit_AVX512VBMI);
  }
  if (subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) cpu.avxvnni = a >> 4 & 1;
  return cpu;
}
#elif defined(__linux__) && (defined(__aarch64__) || defined(__arm__))
#include <sys/auxv.h>

/* The kernel's words on what the CPU can do; bits as in its asm/hwcap.h. */
static ck_cpu detect(void) {
  const unsigned long first = getauxval(AT_HWCAP);
#if defined(__aarch64__)
  const unsigned long second = getauxval(AT_HWCAP2);
  return (ck_cpu){.neon = first >> 1 & 1, .dot_product = first >> 20 & 1, .i8mm = second >> 13 & 1};
#else
  return (ck_cpu){.neon = first >> 12 & 1};
#endif
}
#else
static ck_cpu detect(void) { return (ck_cpu){0}; }
#endif

/* One bit a set in the order of kernel_sets.h, and others; CPUID traps in virtual machines, so it is asked
 * once. */
enum { known = 1 << 30, has_vbmi = 1 << 29 };

static unsigned supported_sets(void) {
  static atomic_uint cache;
  unsigned sets = atomic_load_explicit(&cache, memory_order_relaxed);
  if (sets != 0) return sets;
  const ck_cpu cpu = detect();
  (void)cpu;
  unsigned bit = 0;
  sets = known;
#if defined(__x86_64__)
  if (cpu.avx512vbmi) sets |= has_vbmi;
#endif
#define CK_TEST(name, requirement) sets |= (unsigned)((requirement) != 0) << bit++;
  CK_KERNEL_SETS(CK_TEST)
#undef CK_TEST
  (void)bit;
  atomic_store_explicit(&cache, sets, memory_order_relaxed);
  return sets;
}

bool ck_has_vbmi(void) { return (supported_sets() & has_vbmi) != 0; }

#define CK_ENTRY(name, requirement) &ck_kernels_##name,
static const ck_kernels *const built[] = {CK_KERNEL_SETS(CK_ENTRY) NULL};
#undef CK_ENTRY
#define CK_ENTRY(name, requirement) &ck_pixel_kernels_##name,
static const ck_pixel_kernels *const built_for_pixels[] = {CK_KERNEL_SETS(CK_ENTRY) NULL};
#undef CK_ENTRY
enum { built_count = sizeof built / sizeof *built - 1 };

/* Where in `built` the set is that is number `index` of those that this CPU runs; built_count after the last. */
static size_t place_of(size_t index) {
  const unsigned supported = supported_sets();
  for (size_t i = 0; i < built_count; ++i)
    if (supported >> i & 1 && index-- == 0) return i;
  return built_count;
}

const ck_kernels *ck_kernels_at(size_t index) { return built[place_of(index)]; }

const ck_pixel_kernels *ck_pixel_kernels_at(size_t index) {
  return built_for_pixels[place_of(index)];
}

const char *ck_kernel_set_name(size_t index) {
  return index < built_count ? built[index]->name : NULL;
}
