/* Nine taps, the 3 x 3 window of most depthwise layers, of sixteen channels that all exist. With
 * registers enough, a pixel is requantized while the next is summed: in-order cores would wait
 * in each alone. */

#if defined(__aarch64__)
enum { overlap = true };
#define CK_FEW_REGISTERS
#else
enum { overlap = false };
/* What lies at k is loaded after this, and neither its parts nor their addresses stay in
 * registers. */
#define CK_FEW_REGISTERS \
  __asm__ volatile("" : "+r"(k) : : "memory"); \
  held = k;
#endif

CK_INLINE void add_nine_taps(int32x4_t acc[4], const uint8_t *const *tap, size_t pixels,
                             size_t channel, const depthwise_constants *k,
                             const depthwise_constants *held) {
  CK_FEW_REGISTERS
  CK_UNROLL for (int v = 0; v < 4; ++v) acc[v] = k->start[v];
  CK_UNROLL for (int t = 0; t < 8; t += 2) {
    CK_FEW_REGISTERS
    const int8x16_t u = signed_row(*tap + channel);
    tap += pixels;
    add_two_taps(acc, u, held->weights[t], signed_row(*tap + channel), held->weights[t + 1]);
    tap += pixels;
  }
  CK_FEW_REGISTERS
  add_one_tap(acc, signed_row(*tap + channel), held->weights[8]);
}

CK_INLINE void store_sixteen(uint8_t *to, const int32x4_t acc[4], const depthwise_constants *k,
                             const depthwise_constants *held) {
  float32x4_t t[4];
  CK_FEW_REGISTERS
  CK_UNROLL for (int v = 0; v < 4; ++v) t[v] = scaled(acc[v], k->multiplier[v]);
  vst1q_u8(to, round_and_pack(t, &held->rounding));
}

/* Not inlined, so that no register of the loop around it is wanted here. */
static __attribute__((noinline)) void store_nine_taps(const ck_depthwise_tile *tile,
                                                      const depthwise_constants *k,
                                                      size_t channel) {
#if defined(__aarch64__)
  const depthwise_constants in_registers = *k, *const held = &in_registers;
#else
#define held k
#endif
  uint8_t *const *output = tile->output;
  const uint8_t *const *row = tile->input;
  const size_t pixels = tile->pixels;
  int32x4_t acc[4], next[4];
  add_nine_taps(acc, row, pixels, channel, k, held);
  for (size_t left = pixels - 1; left > 0; --left) {
    if (!overlap) store_sixteen(*output++ + channel, acc, k, held);
    add_nine_taps(next, ++row, pixels, channel, k, held);
    if (overlap) store_sixteen(*output++ + channel, acc, k, held);
    CK_UNROLL for (int v = 0; v < 4; ++v) acc[v] = next[v];
  }
  store_sixteen(*output + channel, acc, k, held);
#undef held
}
