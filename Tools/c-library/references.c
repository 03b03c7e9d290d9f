/* Counts the reference counts and objects of the normal build, where Swift's runtime does them, as calls of allocations.c.
 * Linked with --wrap of each name, on x86-64; the registers of the runtime's own conventions stay as they are. */
#define COUNT(name) \
  __asm__(".globl __wrap_" #name "\n__wrap_" #name ":\n  lock incq calls(%rip)\n  jmp __real_" #name "@PLT\n")

extern long calls;

COUNT(swift_allocObject);
COUNT(swift_slowAlloc);
COUNT(swift_retain);
COUNT(swift_release);
COUNT(swift_retain_n);
COUNT(swift_release_n);
COUNT(swift_bridgeObjectRetain);
COUNT(swift_bridgeObjectRelease);
COUNT(swift_isUniquelyReferenced_nonNull_native);
