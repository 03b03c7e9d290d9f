/* The element-wise kernels of every NEON set. */

static void max_u8(const uint8_t *const *in, size_t taps, uint8_t *out, size_t n) {
  for (size_t i = 0; i < n; i += 16) {
    uint8x16_t best = vld1q_u8(in[0] + i);
    for (size_t t = 1; t < taps; ++t) best = vmaxq_u8(best, vld1q_u8(in[t] + i));
    store_bytes(out + i, best, n - i);
  }
}

/* 257 bytes fit a 16-bit sum. */
static void sum_u8(const uint8_t *const *in, size_t taps, int32_t *sum, size_t n) {
  for (size_t i = 0; i < n; i += 16) {
    for (size_t first = 0; first < taps; first += 257) {
      const size_t end = first + ck_smaller(taps - first, 257);
      uint16x8_t low = vdupq_n_u16(0), high = low;
      for (size_t t = first; t < end; ++t) {
        const uint8x16_t u = vld1q_u8(in[t] + i);
        low = vaddw_u8(low, vget_low_u8(u));
        high = vaddw_u8(high, vget_high_u8(u));
      }
      const uint16x4_t parts[4] = {vget_low_u16(low), vget_high_u16(low), vget_low_u16(high),
                                   vget_high_u16(high)};
      CK_UNROLL for (int v = 0; v < 4; ++v) {
        int32_t *at = sum + i + 4 * v;
        vst1q_s32(at, vaddq_s32(vld1q_s32(at), vreinterpretq_s32_u32(vmovl_u16(parts[v]))));
      }
    }
  }
}

static void add_u8(const uint8_t *a, int32_t za, float ma, const uint8_t *b, int32_t zb, float mb,
                   int32_t zo, int32_t low, int32_t high, uint8_t *out, size_t n) {
  const rounding r = make_rounding(zo, low, high);
  const int16x8_t zero_a = vdupq_n_s16((int16_t)za), zero_b = vdupq_n_s16((int16_t)zb);
  for (size_t i = 0; i < n; i += 16) {
    int32x4_t wide[4];
    float32x4_t t[4];
    widen(wide, vld1q_u8(a + i), zero_a);
    CK_UNROLL for (int v = 0; v < 4; ++v) t[v] = scaled(wide[v], vdupq_n_f32(ma));
    add_scaled(t, vld1q_u8(b + i), zero_b, vdupq_n_f32(mb));
    store_bytes(out + i, round_and_pack(t, &r), n - i);
  }
}

static void multiply_u8(const uint8_t *a, int32_t za, const uint8_t *b, int32_t zb, float m,
                        int32_t zo, int32_t low, int32_t high, uint8_t *out, size_t n) {
  const rounding r = make_rounding(zo, low, high);
  const int16x8_t zero_a = vdupq_n_s16((int16_t)za), zero_b = vdupq_n_s16((int16_t)zb);
  for (size_t i = 0; i < n; i += 16) {
    int32x4_t x[4], y[4];
    float32x4_t t[4];
    widen(x, vld1q_u8(a + i), zero_a);
    widen(y, vld1q_u8(b + i), zero_b);
    CK_UNROLL for (int v = 0; v < 4; ++v) t[v] = scaled(vmulq_s32(x[v], y[v]), vdupq_n_f32(m));
    store_bytes(out + i, round_and_pack(t, &r), n - i);
  }
}

static void requantize(const int32_t *acc, float m, int32_t zo, int32_t low, int32_t high,
                       uint8_t *out, size_t n) {
  const rounding r = make_rounding(zo, low, high);
  int32_t rest[16] = {0};
  for (size_t i = 0; i < n; i += 16) {
    const int32_t *from = acc + i;
    if (n - i < 16) {
      ck_copy_bytes((uint8_t *)rest, (const uint8_t *)from, 4 * (n - i));
      from = rest;
    }
    float32x4_t t[4];
    CK_UNROLL for (int v = 0; v < 4; ++v) t[v] = scaled(vld1q_s32(from + 4 * v), vdupq_n_f32(m));
    store_bytes(out + i, round_and_pack(t, &r), n - i);
  }
}

static void lookup_u8(const uint8_t table[256], const uint8_t *in, uint8_t *out, size_t n) {
  size_t i = 0;
#if defined(__aarch64__)
  /* Four tables of 64 bytes; tbx leaves a byte alone whose index is out of its table. */
  const uint8x16x4_t quarters[4] = {vld1q_u8_x4(table), vld1q_u8_x4(table + 64),
                                    vld1q_u8_x4(table + 128), vld1q_u8_x4(table + 192)};
  for (; n - i >= 16; i += 16) {
    uint8x16_t index = vld1q_u8(in + i), value = vqtbl4q_u8(quarters[0], index);
    CK_UNROLL for (int q = 1; q < 4; ++q) {
      index = vsubq_u8(index, vdupq_n_u8(64));
      value = vqtbx4q_u8(value, quarters[q], index);
    }
    vst1q_u8(out + i, value);
  }
#endif
  for (; i < n; ++i) out[i] = table[in[i]];
}
