/* Nine taps by dot products, for sixteen channels that all exist. The three taps of a column of
 * the window lie side by side for a dot product with their weights; a pixel whose window begins
 * one column further than that of the pixel before, as far as the pointers tell, needs one new
 * column only. */

/* Bytes of the same channel side by side: out[v] has channels 4v .. 4v + 3. */
CK_INLINE void interleave(uint8x16_t out[4], uint8x16_t a, uint8x16_t b, uint8x16_t c,
                          uint8x16_t d) {
  const uint16x8_t ab0 = vreinterpretq_u16_u8(vzip1q_u8(a, b));
  const uint16x8_t ab8 = vreinterpretq_u16_u8(vzip2q_u8(a, b));
  const uint16x8_t cd0 = vreinterpretq_u16_u8(vzip1q_u8(c, d));
  const uint16x8_t cd8 = vreinterpretq_u16_u8(vzip2q_u8(c, d));
  out[0] = vreinterpretq_u8_u16(vzip1q_u16(ab0, cd0));
  out[1] = vreinterpretq_u8_u16(vzip2q_u16(ab0, cd0));
  out[2] = vreinterpretq_u8_u16(vzip1q_u16(ab8, cd8));
  out[3] = vreinterpretq_u8_u16(vzip2q_u16(ab8, cd8));
}

/* The column whose first tap is at tap[0], the others three taps on each. */
CK_INLINE void load_column(activations out[4], const uint8_t *const *tap, size_t pixels,
                           size_t channel) {
  const uint8x16_t a = vld1q_u8(tap[0] + channel);
  const uint8x16_t b = vld1q_u8(tap[3 * pixels] + channel);
  const uint8x16_t c = vld1q_u8(tap[6 * pixels] + channel);
  uint8x16_t bytes[4];
  interleave(bytes, a, b, c, c); /* the fourth weight is zero */
  CK_UNROLL for (int v = 0; v < 4; ++v) out[v] = from_bytes(bytes[v]);
}

/* Bit p tells that pixel p has the last two columns of pixel p - 1 as its first two. */
CK_INLINE uint32_t find_shared_columns(const ck_depthwise_tile *tile) {
  uint32_t shared = 0;
  for (size_t p = 1; p < tile->pixels; ++p) {
    const uint8_t *const *row = tile->input + p;
    bool same = true;
    CK_UNROLL for (int i = 0; i < 3; ++i, row += 3 * tile->pixels) {
      same &= row[0] == row[tile->pixels - 1];
      same &= row[tile->pixels] == row[2 * tile->pixels - 1];
    }
    shared |= (uint32_t)same << p;
  }
  return shared;
}

/* Makes of the prepared weights and sums those of columns. */
CK_INLINE void prepare_columns(depthwise_constants *k, const ck_epilogue *e, size_t channel) {
  CK_UNROLL for (int i = 0; i < 3; ++i) {
    uint8x16_t bytes[4];
    interleave(bytes, vreinterpretq_u8_s8(k->weights[i]), vreinterpretq_u8_s8(k->weights[i + 3]),
               vreinterpretq_u8_s8(k->weights[i + 6]), vdupq_n_u8(0));
    CK_UNROLL for (int v = 0; v < 4; ++v) {
      k->columns[i][v] = vreinterpretq_s8_u8(bytes[v]);
    }
  }
  CK_UNROLL for (int v = 0; v < 4; ++v) k->start[v] = start_of(e, channel + (size_t)(4 * v));
}

CK_INLINE void sum_columns(int32x4_t acc[4], const activations u0[4], const activations u1[4],
                           const activations u2[4], const depthwise_constants *k,
                           const int8x16_t held[2][4]) {
  CK_UNROLL for (int v = 0; v < 4; ++v) {
    acc[v] = dot(k->start[v], held[0][v], u0[v]);
    acc[v] = dot(acc[v], held[1][v], u1[v]);
    acc[v] = dot(acc[v], k->columns[2][v], u2[v]);
  }
}

CK_INLINE void store_sixteen(uint8_t *to, const int32x4_t acc[4], const depthwise_constants *k) {
  float32x4_t t[4];
  CK_UNROLL for (int v = 0; v < 4; ++v) t[v] = scaled(acc[v], k->multiplier[v]);
  vst1q_u8(to, round_and_pack(t, &k->rounding));
}

/* Three pixels a turn, so that columns need not move from register to register. A pixel is
 * requantized while the next is summed; what that writes before the first pixel is written over. */
static __attribute__((noinline)) void store_nine_taps(const ck_depthwise_tile *tile,
                                                      const depthwise_constants *k,
                                                      size_t channel) {
  const size_t pixels = tile->pixels;
  const uint8_t *const *row = tile->input, *const *const end = row + pixels;
  uint8_t *const *output = tile->output;
  uint8_t *to = *output;
  uint32_t shared = k->shared;
  activations u0[4], u1[4], u2[4];
  int8x16_t held[2][4]; /* For the weights of a third column there are no registers. */
  int32x4_t acc[4], next[4];
  CK_UNROLL for (int v = 0; v < 4; ++v) {
    held[0][v] = k->columns[0][v];
    held[1][v] = k->columns[1][v];
    acc[v] = k->start[v];
  }
#define CK_NEXT(first, second, third) \
  load_column(third, row++ + 2 * pixels, pixels, channel); \
  sum_columns(next, first, second, third, k, held); \
  store_sixteen(to + channel, acc, k); \
  CK_UNROLL for (int v = 0; v < 4; ++v) acc[v] = next[v]; \
  to = *output++; \
  if (!((shared >>= 1) & 1)) break;
  while (row < end) {
    load_column(u0, row, pixels, channel);
    load_column(u1, row + pixels, pixels, channel);
    for (;;) {
      CK_NEXT(u0, u1, u2)
      CK_NEXT(u1, u2, u0)
      CK_NEXT(u2, u0, u1)
    }
  }
#undef CK_NEXT
  store_sixteen(to + channel, acc, k);
}
