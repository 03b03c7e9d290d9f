/* Holds this process and the threads that it starts to the instructions of a kernel set: hold(SET)
 * makes Linux fault on CPUID (arch_prctl, processors that can), and a handler answers without the
 * bits of what the set lacks.
 *
 * Libraries that ask CPUID after it, as all peers do when they are loaded, take the code that they
 * would on an older processor. Returns 0, 1 for an unknown set, 2 where the processor or the system
 * cannot. */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { arch_cpuid = 0x1012 };

/* Bits that are taken away: leaf 1 ECX; leaf 7 EBX, ECX, EDX; leaf 7, sub-leaf 1, EAX and EDX. */
enum {
  avx512_ebx = 1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30,
  vnni_ecx = 1u << 11,
  avx512_ecx = 1u << 1 | 1u << 6 | vnni_ecx | 1u << 12 | 1u << 14,
  avx512_edx = 1u << 2 | 1u << 3 | 1u << 8 | 1u << 23,
  amx_edx = 1u << 22 | 1u << 24 | 1u << 25,
  avxvnni_eax = 1u << 4,
  bf16_eax = 1u << 5,
  newer_edx = 1u << 4 | 1u << 5 | 1u << 10 | 1u << 19,
  avx2_ebx = 1u << 5,
  avx_ecx = 1u << 12 | 1u << 28 | 1u << 29,
};
#define AVX512VL (1u << 31)

typedef struct {
  const char *set;
  uint32_t one_ecx, seven_ebx, seven_ecx, seven_edx, more_eax, more_edx;
} mask;

static const mask masks[] = {
  {"avx512vnni", 0, 0, 0, amx_edx, 0, 0},
  {"avxvnni", 0, avx512_ebx | AVX512VL, avx512_ecx, avx512_edx | amx_edx, bf16_eax, newer_edx},
  {"avx512", 0, 0, vnni_ecx, amx_edx, avxvnni_eax | bf16_eax, newer_edx},
  {"avx2", 0, avx512_ebx | AVX512VL, avx512_ecx, avx512_edx | amx_edx, avxvnni_eax | bf16_eax,
   newer_edx},
  {"sse41", avx_ecx, avx512_ebx | AVX512VL | avx2_ebx, avx512_ecx, avx512_edx | amx_edx,
   avxvnni_eax | bf16_eax, newer_edx},
};
static const mask *held;

static void answer(int signal_number, siginfo_t *information, void *context) {
  (void)information;
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const uint8_t *code = (const uint8_t *)registers[REG_RIP];
  if (code[0] != 0x0f || code[1] != 0xa2) { /* not CPUID: the fault that it is */
    signal(signal_number, SIG_DFL);
    return;
  }
  const uint32_t leaf = (uint32_t)registers[REG_RAX], part = (uint32_t)registers[REG_RCX];
  uint32_t a, b, c, d;
  syscall(SYS_arch_prctl, arch_cpuid, 1L);
  __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "0"(leaf), "2"(part));
  syscall(SYS_arch_prctl, arch_cpuid, 0L);
  if (leaf == 1) c &= ~held->one_ecx;
  if (leaf == 7 && part == 0) b &= ~held->seven_ebx, c &= ~held->seven_ecx, d &= ~held->seven_edx;
  if (leaf == 7 && part == 1) a &= ~held->more_eax, d &= ~held->more_edx;
  registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
  registers[REG_RIP] += 2;
}

int hold(const char *set) {
  for (size_t k = 0; k < sizeof masks / sizeof *masks; ++k)
    if (!strcmp(masks[k].set, set)) held = masks + k;
  if (!held) return 1;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = answer;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  if (sigaction(SIGSEGV, &action, NULL) || syscall(SYS_arch_prctl, arch_cpuid, 0L)) return 2;
  return 0;
}
#else
int hold(const char *set) {
  (void)set;
  return 2;
}
#endif
