/* The inner loops of the convolution tile without dot products, in assembly: compilers cannot
 * keep sums, products and weights in registers at once. Products wait four (ARMv7) or eight
 * instructions for their second half and then for their addition, so that in-order cores do not
 * wait. The last additions of a turn stand at the head of the next, after all loads that only a
 * further turn needs: nothing is read beyond the end. */

#if defined(__aarch64__)

/* Products of pixel p = 0, 1: v8 + 2v + p. Weights: v4, v5 of the first step of k, v6, v7 of the
 * second. Inputs, four times the same four bytes: v0, v1 of pixel 0, v2, v3 of pixel 1. */
#define CK_PRODUCTS(name, w0, w1, u0, u1) \
  name " v8.8h, " w0 ".8b, " u0 ".8b\n\t" name " v9.8h, " w0 ".8b, " u1 ".8b\n\t" \
  name "2 v10.8h, " w0 ".16b, " u0 ".16b\n\t" name "2 v11.8h, " w0 ".16b, " u1 ".16b\n\t" \
  name " v12.8h, " w1 ".8b, " u0 ".8b\n\t" name " v13.8h, " w1 ".8b, " u1 ".8b\n\t" \
  name "2 v14.8h, " w1 ".16b, " u0 ".16b\n\t" name "2 v15.8h, " w1 ".16b, " u1 ".16b\n\t"
#define CK_ADD(sum, product) "sadalp %[s" #sum "].4s, v" #product ".8h\n\t"
#define CK_LOAD(w0, w1, from) "ld1 {" w0 ".16b, " w1 ".16b}, [%[" from "]]\n\t"
#define CK_SIGNED(u) "eor v" #u ".16b, v" #u ".16b, v8.16b\n\t"

/* Adds `turns` >= 1 times two steps of k to sum[8p + v], the channels 2v, 2v + 1 of pixel p, each
 * in two lanes. Reads 8 * turns bytes at each input and 128 * turns of weights. */
CK_INLINE void add_products_of_tile(int32x4_t sum[16], const uint8_t *const in[2],
                                    const int8_t *weights, size_t turns) {
  const uint8_t *in0 = in[0], *in1 = in[1];
  const int8_t *w0 = weights, *w32 = weights + 32, *w64 = weights + 64, *w96 = weights + 96;
  __asm__ volatile(
    "movi v10.16b, #0\n\tmovi v11.16b, #0\n\tmovi v12.16b, #0\n\t"
    "movi v13.16b, #0\n\tmovi v14.16b, #0\n\tmovi v15.16b, #0\n\t"
    ".Lproducts_%=:\n\t"
    "ld2r {v0.4s, v1.4s}, [%[in0]], #8\n\t"
    "ld2r {v2.4s, v3.4s}, [%[in1]]\n\t"
    CK_ADD(5, 10) "movi v8.16b, #0x80\n\t" CK_ADD(13, 11) CK_ADD(6, 12) CK_LOAD("v4", "v5", "w0")
    CK_ADD(14, 13) CK_ADD(7, 14) CK_ADD(15, 15) CK_SIGNED(0) CK_LOAD("v6", "v7", "w64")
    CK_SIGNED(2) CK_SIGNED(1) CK_SIGNED(3)
    CK_PRODUCTS("smull", "v4", "v5", "v0", "v2")
    CK_LOAD("v4", "v5", "w32")
    CK_PRODUCTS("smlal", "v6", "v7", "v1", "v3")
    CK_LOAD("v6", "v7", "w96")
    CK_ADD(0, 8) CK_ADD(8, 9) CK_ADD(1, 10) CK_ADD(9, 11)
    CK_ADD(2, 12) CK_ADD(10, 13) CK_ADD(3, 14) CK_ADD(11, 15)
    CK_PRODUCTS("smull", "v4", "v5", "v0", "v2")
    CK_PRODUCTS("smlal", "v6", "v7", "v1", "v3")
    CK_ADD(4, 8) CK_ADD(12, 9)
    "subs %[turns], %[turns], #1\n\t"
    "add %[in1], %[in1], #8\n\t"
    "add %[w0], %[w0], #128\n\t"
    "add %[w32], %[w32], #128\n\t"
    "add %[w64], %[w64], #128\n\t"
    "add %[w96], %[w96], #128\n\t"
    "b.ne .Lproducts_%=\n\t"
    CK_ADD(5, 10) CK_ADD(13, 11) CK_ADD(6, 12) CK_ADD(14, 13) CK_ADD(7, 14) CK_ADD(15, 15)
    : [s0] "+w"(sum[0]), [s1] "+w"(sum[1]), [s2] "+w"(sum[2]), [s3] "+w"(sum[3]),
      [s4] "+w"(sum[4]), [s5] "+w"(sum[5]), [s6] "+w"(sum[6]), [s7] "+w"(sum[7]),
      [s8] "+w"(sum[8]), [s9] "+w"(sum[9]), [s10] "+w"(sum[10]), [s11] "+w"(sum[11]),
      [s12] "+w"(sum[12]), [s13] "+w"(sum[13]), [s14] "+w"(sum[14]), [s15] "+w"(sum[15]),
      [w0] "+r"(w0), [w32] "+r"(w32), [w64] "+r"(w64), [w96] "+r"(w96), [in0] "+r"(in0),
      [in1] "+r"(in1), [turns] "+r"(turns)
    :
    : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13",
      "v14", "v15", "cc", "memory");
}

#else

/* Products: q4 .. q7. Weights: d0 .. d5. Inputs, twice the same four bytes: d6 of the first step
 * of k, d7 of the second. */
#define CK_PRODUCT(name, product, w, u) name ".s8 q" #product ", d" #w ", d" #u "\n\t"
#define CK_ADD(sum, product) "vpadal.s16 %q[s" #sum "], q" #product "\n\t"
#define CK_LOAD(registers, from) "vld1.8 {" registers "}, [%[" from "]]!\n\t"
/* Channels 0 .. 7 or 8 .. 15; `more` stands before the last weights are loaded over. */
#define CK_HALF(more) \
  CK_PRODUCT("vmull", 4, 0, 6) CK_PRODUCT("vmull", 5, 1, 6) CK_LOAD("d0, d1", "second") \
  CK_PRODUCT("vmull", 6, 2, 6) CK_PRODUCT("vmull", 7, 3, 6) \
  CK_PRODUCT("vmlal", 4, 4, 7) CK_PRODUCT("vmlal", 5, 5, 7) more \
  CK_PRODUCT("vmlal", 6, 0, 7) CK_PRODUCT("vmlal", 7, 1, 7)

/* Adds `turns` >= 1 times two steps of k to sum[v], the channels 2v, 2v + 1, each in two lanes.
 * Reads 8 * turns bytes at the input and 128 * turns of weights. */
CK_INLINE void add_products_of_tile(int32x4_t sum[8], const uint8_t *const in[1],
                                    const int8_t *weights, size_t turns) {
  const uint8_t *from = in[0];
  const int8_t *first = weights, *second = weights + 64;
  __asm__ volatile(
    "vmov.i8 q4, #0\n\tvmov.i8 q5, #0\n\tvmov.i8 q6, #0\n\tvmov.i8 q7, #0\n\t"
    ".Lproducts_%=:\n\t"
    "vld1.32 {d6[]}, [%[from]]!\n\t"
    "vld1.32 {d7[]}, [%[from]]!\n\t"
    CK_ADD(4, 4) "vmov.i8 q4, #0x80\n\t" CK_LOAD("d0, d1, d2, d3", "first")
    CK_ADD(5, 5) CK_ADD(6, 6) CK_LOAD("d4, d5", "second") CK_ADD(7, 7) "veor q3, q3, q4\n\t"
    CK_HALF(CK_LOAD("d4, d5", "second"))
    CK_LOAD("d0, d1, d2, d3", "first")
    CK_ADD(0, 4) CK_ADD(1, 5) CK_ADD(2, 6) CK_ADD(3, 7)
    CK_HALF("")
    "subs %[turns], %[turns], #1\n\t"
    "add %[first], %[first], #64\n\t"
    "add %[second], %[second], #64\n\t"
    "bne .Lproducts_%=\n\t"
    CK_ADD(4, 4) CK_ADD(5, 5) CK_ADD(6, 6) CK_ADD(7, 7)
    : [s0] "+w"(sum[0]), [s1] "+w"(sum[1]), [s2] "+w"(sum[2]), [s3] "+w"(sum[3]),
      [s4] "+w"(sum[4]), [s5] "+w"(sum[5]), [s6] "+w"(sum[6]), [s7] "+w"(sum[7]),
      [from] "+r"(from), [first] "+r"(first), [second] "+r"(second), [turns] "+r"(turns)
    :
    : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "cc", "memory");
}

#endif
