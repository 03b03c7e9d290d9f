/* Requantization and tails of every NEON set. */

#if defined(__aarch64__)

typedef struct {
  int16x8_t zero_point;
  uint8x16_t low, high;
} rounding;

CK_INLINE rounding make_rounding(int32_t zero_point, int32_t low, int32_t high) {
  return (rounding){vdupq_n_s16((int16_t)zero_point), vdupq_n_u8((uint8_t)low),
                    vdupq_n_u8((uint8_t)high)};
}

/* 16 floats to bytes, ties to even. The narrowing saturates, which changes nothing: the zero
 * point moves a value by at most 255, and then it is clamped. */
CK_INLINE uint8x16_t round_and_pack(const float32x4_t t[4], const rounding *r) {
  int16x8_t half[2];
  CK_UNROLL for (int i = 0; i < 2; ++i) {
    const int32x4_t low = vcvtnq_s32_f32(t[2 * i]), high = vcvtnq_s32_f32(t[2 * i + 1]);
    half[i] = vqaddq_s16(vcombine_s16(vqmovn_s32(low), vqmovn_s32(high)), r->zero_point);
  }
  const uint8x16_t u = vcombine_u8(vqmovun_s16(half[0]), vqmovun_s16(half[1]));
  return vminq_u8(vmaxq_u8(u, r->low), r->high);
}

#else

typedef struct {
  uint8x16_t zero_point;
  float32x4_t low, high; /* minus the zero point */
} rounding;

CK_INLINE rounding make_rounding(int32_t zero_point, int32_t low, int32_t high) {
  return (rounding){vdupq_n_u8((uint8_t)zero_point), vdupq_n_f32((float)(low - zero_point)),
                    vdupq_n_f32((float)(high - zero_point))};
}

/* 16 floats to bytes, ties to even. ARMv7 converts towards zero only, so values are clamped
 * first, which the rounding of a value between integers does not change; the unit in the last
 * place of 1.5 * 2^23 is 1, so the sum with it rounds, and has the integer in its low byte. */
CK_INLINE uint8x16_t round_and_pack(const float32x4_t t[4], const rounding *r) {
  uint16x8_t half[2];
  CK_UNROLL for (int i = 0; i < 2; ++i) {
    uint16x4_t part[2];
    CK_UNROLL for (int j = 0; j < 2; ++j) {
      const float32x4_t inside = vminq_f32(vmaxq_f32(t[2 * i + j], r->low), r->high);
      part[j] = vmovn_u32(vreinterpretq_u32_f32(vaddq_f32(inside, vdupq_n_f32(12582912))));
    }
    half[i] = vcombine_u16(part[0], part[1]);
  }
  return vaddq_u8(vcombine_u8(vmovn_u16(half[0]), vmovn_u16(half[1])), r->zero_point);
}

#endif

CK_INLINE float32x4_t scaled(int32x4_t acc, float32x4_t multiplier) {
  return vmulq_f32(vcvtq_f32_s32(acc), multiplier);
}

/* 16 bytes minus a zero point. */
CK_INLINE void widen(int32x4_t out[4], uint8x16_t u, int16x8_t zero_point) {
  const int16x8_t low = vsubq_s16(vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(u))), zero_point);
  const int16x8_t high = vsubq_s16(vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(u))), zero_point);
  out[0] = vmovl_s16(vget_low_s16(low));
  out[1] = vmovl_s16(vget_high_s16(low));
  out[2] = vmovl_s16(vget_low_s16(high));
  out[3] = vmovl_s16(vget_high_s16(high));
}

/* t += (u - zero_point) * multiplier; both products are rounded before the sum. */
CK_INLINE void add_scaled(float32x4_t t[4], uint8x16_t u, int16x8_t zero_point,
                          float32x4_t multiplier) {
  int32x4_t wide[4];
  widen(wide, u, zero_point);
  CK_UNROLL for (int v = 0; v < 4; ++v) t[v] = vaddq_f32(t[v], scaled(wide[v], multiplier));
}

/* The first n bytes, n >= 1. */
CK_INLINE void store_bytes(uint8_t *to, uint8x16_t v, size_t n) {
  if (n >= 16) {
    vst1q_u8(to, v);
  } else {
    uint8_t all[16];
    vst1q_u8(all, v);
    ck_copy_bytes(to, all, n);
  }
}

/* For signed activations u - 128: bias + 128 * weight_sum, modulo 2^32 as all sums are. */
CK_INLINE int32x4_t signed_start(const ck_epilogue *e, size_t channel) {
  const int32x4_t offset = vshlq_n_s32(vld1q_s32(e->weight_sum + channel), 7);
  return vaddq_s32(vld1q_s32(e->bias + channel), offset);
}

CK_INLINE int32x4_t add_pairs(int32x4_t a, int32x4_t b) {
#if defined(__aarch64__)
  return vpaddq_s32(a, b);
#else
  return vcombine_s32(vpadd_s32(vget_low_s32(a), vget_high_s32(a)),
                      vpadd_s32(vget_low_s32(b), vget_high_s32(b)));
#endif
}
