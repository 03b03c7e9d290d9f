/* Nine taps, the 3 x 3 window of most depthwise layers, of sixteen channels that all exist: a
 * pixel is one straight piece of code. */

#if defined(__aarch64__)
#define CK_FEW_REGISTERS(pointer)
#else
/* What lies at the pointer is loaded after this, and neither its parts nor their addresses stay in
 * registers. */
#define CK_FEW_REGISTERS(pointer) __asm__ volatile("" : "+r"(pointer) : : "memory");
#endif

/* Not inlined, so that no register of the loop around it is wanted here. */
static __attribute__((noinline)) void store_nine_taps(const ck_depthwise_tile *tile,
                                                      const depthwise_constants *k,
                                                      size_t channel) {
#if defined(__aarch64__)
  const depthwise_constants held = *k;
#define CK_HELD held
#else
#define CK_HELD (*k)
#endif
  uint8_t *const *output = tile->output;
  const uint8_t *const *row = tile->input;
  const size_t pixels = tile->pixels;
  for (size_t left = pixels; left > 0; --left, ++row, ++output) {
    const uint8_t *const *tap = row;
    int32x4_t acc[4];
    CK_FEW_REGISTERS(k)
    CK_UNROLL for (int v = 0; v < 4; ++v) acc[v] = k->start[v];
    CK_UNROLL for (int t = 0; t < 8; t += 2) {
      CK_FEW_REGISTERS(k)
      const int8x16_t u = signed_row(*tap + channel);
      tap += pixels;
      add_two_taps(acc, u, CK_HELD.weights[t], signed_row(*tap + channel),
                   CK_HELD.weights[t + 1]);
      tap += pixels;
    }
    CK_FEW_REGISTERS(k)
    add_one_tap(acc, signed_row(*tap + channel), CK_HELD.weights[8]);
    CK_FEW_REGISTERS(k)
    float32x4_t t[4];
    CK_UNROLL for (int v = 0; v < 4; ++v) t[v] = scaled(acc[v], k->multiplier[v]);
    vst1q_u8(*output + channel, round_and_pack(t, &CK_HELD.rounding));
  }
}
