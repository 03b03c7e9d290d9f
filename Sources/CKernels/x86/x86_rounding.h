/* Loads and requantization of every x86 set, over vectors of CK_LANES x 128 bits. */

enum {
  int32s = 4 * CK_LANES,         /* int32 a vector */
  bytes = 16 * CK_LANES,         /* bytes a vector */
  per_block = 4 / CK_LANES,      /* vectors of int32 a block of 16 channels */
};

CK_INLINE vi load(const void *from) { return SI(loadu)((const vi *)from); }
CK_INLINE void store(void *to, vi v) { SI(storeu)((vi *)to, v); }

/* 128-bit lane l is 16 bytes at base + l * stride; lanes from `count` on repeat the first. */
CK_INLINE vi lanes_from(const void *base, size_t stride, size_t count) {
  const void *at[CK_LANES];
  CK_UNROLL for (size_t l = 0; l < CK_LANES; ++l) {
    at[l] = (const char *)base + (l < count ? l * stride : 0);
  }
  return lanes_at(at);
}

/* What a call's requantizations share. */
typedef struct {
  vi zero_point; /* int16 */
  vi low, high;  /* u8 */
  bool moves, clamps; /* whether zero point and limits change anything */
  vf limit;      /* below 2^31: sums of products that exceed it are clamped, not wrapped */
} rounding;

CK_INLINE rounding make_rounding(int32_t zero_point, int32_t low, int32_t high) {
  return (rounding){I(set1_epi16)((short)zero_point), I(set1_epi8)((char)low),
                    I(set1_epi8)((char)high), zero_point != 0, low > 0 || high < 255,
                    I(set1_ps)(1e9f)};
}

/* Four vectors of floats to bytes in the order [lane][vector][4]. Rounding is to nearest even;
 * the packs saturate, which changes nothing: the zero point moves a value by at most 255, and
 * then it is clamped. */
CK_INLINE vi round_and_pack(const vf t[4], const rounding *r) {
  vi first = I(packs_epi32)(I(cvtps_epi32)(t[0]), I(cvtps_epi32)(t[1]));
  vi second = I(packs_epi32)(I(cvtps_epi32)(t[2]), I(cvtps_epi32)(t[3]));
  if (r->moves) {
    first = I(adds_epi16)(first, r->zero_point);
    second = I(adds_epi16)(second, r->zero_point);
  }
  const vi u = I(packus_epi16)(first, second);
  return r->clamps ? I(min_epu8)(I(max_epu8)(u, r->low), r->high) : u;
}

CK_INLINE vf scaled(vi acc, vf multiplier) {
  return I(mul_ps)(I(cvtepi32_ps)(acc), multiplier);
}

/* Both products are rounded before the sum. */
CK_INLINE vf with_residual(vf t, vi residual, vi zero_point, vf multiplier, vf limit) {
  return I(min_ps)(I(add_ps)(t, scaled(I(sub_epi32)(residual, zero_point), multiplier)), limit);
}
