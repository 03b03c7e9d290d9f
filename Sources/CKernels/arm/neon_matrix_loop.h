/* The inner loop of the convolution tile by matrix products, six pixels by sixteen channels, in
 * assembly: it takes all 32 registers, with which compilers do not come round. Loads stand
 * together, because in-order cores lose time at each change from arithmetic to loads. */

#define CK_MATRIX_3(w, s0, s1, s2) \
  "usmmla %[s" #s0 "].4s, %[u0].16b, %[" #w "].16b\n\t" \
  "usmmla %[s" #s1 "].4s, %[u1].16b, %[" #w "].16b\n\t" \
  "usmmla %[s" #s2 "].4s, %[u2].16b, %[" #w "].16b\n\t"
#define CK_LOAD_WEIGHTS(w, offset) "ldr %q[" #w "], [%[weights], #" #offset "]\n\t"
/* The weights a, b of four channels and c, d of the next, both groups of four k, into matrices. */
#define CK_INTERLEAVE \
  "zip1 %[m].4s, %[a].4s, %[b].4s\n\tzip2 %[a].4s, %[a].4s, %[b].4s\n\t" \
  "zip1 %[b].4s, %[c].4s, %[d].4s\n\tzip2 %[c].4s, %[c].4s, %[d].4s\n\t"

/* Adds `turns` >= 1 times two groups of four k to sum[8q + j], see neon_matrix.h. Reads 8 * turns
 * bytes at each input and 128 * turns of weights. */
CK_INLINE void add_matrices_of_tile(int32x4_t sum[24], const uint8_t *const in[6],
                                    const int8_t *weights, size_t turns) {
  const uint8_t *in1 = in[1], *in3 = in[3], *in5 = in[5];
  uint8x16_t u0, u1, u2;
  int8x16_t a, b, c, d, m;
  size_t at = 0;
  __asm__ volatile(
    ".Lmatrices_%=:\n\t"
    "ldr %d[u0], [%[in0], %[at]]\n\t"
    "ldr %d[u1], [%[in2], %[at]]\n\t"
    "ldr %d[u2], [%[in4], %[at]]\n\t"
    CK_LOAD_WEIGHTS(a, 0) CK_LOAD_WEIGHTS(b, 64) CK_LOAD_WEIGHTS(c, 16) CK_LOAD_WEIGHTS(d, 80)
    "ld1 {%[u0].d}[1], [%[in1]]\n\t"
    "ld1 {%[u1].d}[1], [%[in3]]\n\t"
    "ld1 {%[u2].d}[1], [%[in5]]\n\t"
    CK_INTERLEAVE
    CK_MATRIX_3(m, 0, 8, 16) CK_MATRIX_3(a, 1, 9, 17)
    CK_MATRIX_3(b, 2, 10, 18) CK_MATRIX_3(c, 3, 11, 19)
    CK_LOAD_WEIGHTS(a, 32) CK_LOAD_WEIGHTS(b, 96) CK_LOAD_WEIGHTS(c, 48) CK_LOAD_WEIGHTS(d, 112)
    "subs %[turns], %[turns], #1\n\t"
    "add %[weights], %[weights], #128\n\t"
    "add %[at], %[at], #8\n\t"
    "add %[in1], %[in1], #8\n\t"
    "add %[in3], %[in3], #8\n\t"
    "add %[in5], %[in5], #8\n\t"
    CK_INTERLEAVE
    CK_MATRIX_3(m, 4, 12, 20) CK_MATRIX_3(a, 5, 13, 21)
    CK_MATRIX_3(b, 6, 14, 22) CK_MATRIX_3(c, 7, 15, 23)
    "b.ne .Lmatrices_%=\n\t"
    : [s0] "+w"(sum[0]), [s1] "+w"(sum[1]), [s2] "+w"(sum[2]), [s3] "+w"(sum[3]),
      [s4] "+w"(sum[4]), [s5] "+w"(sum[5]), [s6] "+w"(sum[6]), [s7] "+w"(sum[7]),
      [s8] "+w"(sum[8]), [s9] "+w"(sum[9]), [s10] "+w"(sum[10]), [s11] "+w"(sum[11]),
      [s12] "+w"(sum[12]), [s13] "+w"(sum[13]), [s14] "+w"(sum[14]), [s15] "+w"(sum[15]),
      [s16] "+w"(sum[16]), [s17] "+w"(sum[17]), [s18] "+w"(sum[18]), [s19] "+w"(sum[19]),
      [s20] "+w"(sum[20]), [s21] "+w"(sum[21]), [s22] "+w"(sum[22]), [s23] "+w"(sum[23]),
      [u0] "=&w"(u0), [u1] "=&w"(u1), [u2] "=&w"(u2), [a] "=&w"(a), [b] "=&w"(b),
      [c] "=&w"(c), [d] "=&w"(d), [m] "=&w"(m), [in1] "+r"(in1), [in3] "+r"(in3),
      [in5] "+r"(in5), [weights] "+r"(weights), [at] "+r"(at), [turns] "+r"(turns)
    : [in0] "r"(in[0]), [in2] "r"(in[2]), [in4] "r"(in[4])
    : "cc", "memory");
}
