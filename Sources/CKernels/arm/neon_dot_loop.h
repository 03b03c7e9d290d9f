/* The inner loop of the s8 x s8 convolution tile, five pixels by sixteen channels, in assembly.
 * Compilers find registers for 20 sums and 10 operands, but no order that an in-order core runs
 * at full speed: that of Cortex-A55 wants every load right behind a dot product, five or more
 * before its use, and what is no dot product in one place. Loads for the next turn stand in this
 * one; in the last turn they read the same bytes again. A register as offset, even xzr, because
 * such loads issue together with a dot product. */

#define CK_SDOT(sum, w, u, lane) \
  "sdot %[s" #sum "].4s, %[w" #w "].16b, %[u" #u "].4b[" #lane "]\n\t"
#define CK_SIGNED(u) "sub %[u" #u "].16b, %[u" #u "].16b, %[half].16b\n\t"
#define CK_LOAD_INPUT(u) "ldr %q[u" #u "], [%[in" #u "], %[at]]\n\t"
#define CK_LOAD_WEIGHTS(w, offset) "ldr %q[w" #w "], [%[weights], " offset "]\n\t"
/* Five pixels by four channels and one step of k; `load` refills the weights used before. */
#define CK_DOTS(w, lane, s0, s1, s2, s3, s4, load) \
  CK_SDOT(s0, w, 0, lane) load CK_SDOT(s1, w, 1, lane) CK_SDOT(s2, w, 2, lane) \
  CK_SDOT(s3, w, 3, lane) CK_SDOT(s4, w, 4, lane)
/* The first twelve, then the last four channels of a step. */
#define CK_DOTS_OF_STEP(lane, load3, load0, load1) \
  CK_DOTS(0, lane, 0, 4, 8, 12, 16, CK_LOAD_WEIGHTS(3, load3)) \
  CK_DOTS(1, lane, 1, 5, 9, 13, 17, CK_LOAD_WEIGHTS(0, load0)) \
  CK_DOTS(2, lane, 2, 6, 10, 14, 18, CK_LOAD_WEIGHTS(1, load1))
#define CK_LAST_DOTS(lane, load2) \
  CK_DOTS(3, lane, 3, 7, 11, 15, 19, CK_LOAD_WEIGHTS(2, load2))

/* Adds `turns` >= 1 times four steps of k to sum[4p + v], the channels 4v .. 4v + 3 of pixel p.
 * Reads 16 * turns bytes at each input and 256 * turns of weights. */
CK_INLINE void add_dots(int32x4_t sum[20], const uint8_t *const in[5], const int8_t *weights,
                        size_t turns) {
  int8x16_t u0, u1, u2, u3, u4, w0, w1, w2, w3;
  size_t at = 0, step = 16;
  __asm__ volatile(
    CK_LOAD_INPUT(0) CK_LOAD_INPUT(1) CK_LOAD_INPUT(2) CK_LOAD_INPUT(3) CK_LOAD_INPUT(4)
    CK_LOAD_WEIGHTS(0, "xzr") CK_LOAD_WEIGHTS(1, "%[o16]") CK_LOAD_WEIGHTS(2, "%[o32]")
    ".Ldots_%=:\n\t"
    "subs %[turns], %[turns], #1\n\t"
    CK_SIGNED(0) CK_SIGNED(1) CK_SIGNED(2) CK_SIGNED(3) CK_SIGNED(4)
    CK_DOTS_OF_STEP(0, "%[o48]", "%[o64]", "%[o80]") CK_LAST_DOTS(0, "%[o96]")
    CK_DOTS(0, 1, 0, 4, 8, 12, 16, CK_LOAD_WEIGHTS(3, "%[o112]"))
    "csel %[step], %[step], xzr, ne\n\t"
    "add %[weights], %[weights], #128\n\t"
    CK_DOTS(1, 1, 1, 5, 9, 13, 17, CK_LOAD_WEIGHTS(0, "xzr"))
    CK_DOTS(2, 1, 2, 6, 10, 14, 18, CK_LOAD_WEIGHTS(1, "%[o16]"))
    CK_LAST_DOTS(1, "%[o32]")
    CK_DOTS_OF_STEP(2, "%[o48]", "%[o64]", "%[o80]") CK_LAST_DOTS(2, "%[o96]")
    CK_DOTS(0, 3, 0, 4, 8, 12, 16, CK_LOAD_WEIGHTS(3, "%[o112]"))
    "add %[at], %[at], %[step]\n\t"
    "add %[weights], %[weights], %[step], lsl #3\n\t"
    CK_DOTS(1, 3, 1, 5, 9, 13, 17, CK_LOAD_WEIGHTS(0, "xzr"))
    CK_DOTS(2, 3, 2, 6, 10, 14, 18, CK_LOAD_WEIGHTS(1, "%[o16]"))
    CK_SDOT(3, 3, 0, 3) CK_LOAD_WEIGHTS(2, "%[o32]") CK_SDOT(7, 3, 1, 3) CK_LOAD_INPUT(0)
    CK_SDOT(11, 3, 2, 3) CK_LOAD_INPUT(1) CK_SDOT(15, 3, 3, 3) CK_LOAD_INPUT(2)
    CK_SDOT(19, 3, 4, 3) CK_LOAD_INPUT(3) CK_LOAD_INPUT(4)
    "b.ne .Ldots_%=\n\t"
    : [s0] "+w"(sum[0]), [s1] "+w"(sum[1]), [s2] "+w"(sum[2]), [s3] "+w"(sum[3]),
      [s4] "+w"(sum[4]), [s5] "+w"(sum[5]), [s6] "+w"(sum[6]), [s7] "+w"(sum[7]),
      [s8] "+w"(sum[8]), [s9] "+w"(sum[9]), [s10] "+w"(sum[10]), [s11] "+w"(sum[11]),
      [s12] "+w"(sum[12]), [s13] "+w"(sum[13]), [s14] "+w"(sum[14]), [s15] "+w"(sum[15]),
      [s16] "+w"(sum[16]), [s17] "+w"(sum[17]), [s18] "+w"(sum[18]), [s19] "+w"(sum[19]),
      [u0] "=&w"(u0), [u1] "=&w"(u1), [u2] "=&w"(u2), [u3] "=&w"(u3), [u4] "=&w"(u4),
      [w0] "=&w"(w0), [w1] "=&w"(w1), [w2] "=&w"(w2), [w3] "=&w"(w3),
      [weights] "+r"(weights), [turns] "+r"(turns), [at] "+r"(at), [step] "+r"(step)
    : [in0] "r"(in[0]), [in1] "r"(in[1]), [in2] "r"(in[2]), [in3] "r"(in[3]), [in4] "r"(in[4]),
      [o16] "r"((size_t)16), [o32] "r"((size_t)32), [o48] "r"((size_t)48),
      [o64] "r"((size_t)64), [o80] "r"((size_t)80), [o96] "r"((size_t)96),
      [o112] "r"((size_t)112), [half] "w"(vdupq_n_u8(0x80))
    : "cc", "memory");
}
