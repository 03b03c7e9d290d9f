/* The element-wise kernels of every x86 set. */

static void max_u8(const uint8_t *const *in, size_t taps, uint8_t *out, size_t n) {
  for (size_t i = 0; i < n; i += bytes) {
    vi best = load(in[0] + i);
    for (size_t t = 1; t < taps; ++t) best = I(max_epu8)(best, load(in[t] + i));
    store_bytes(out + i, best, n - i);
  }
}

static void sum_u8(const uint8_t *const *in, size_t taps, int32_t *sum, size_t n) {
  enum { halves = 2, most = 128 /* bytes whose sum fits int16 */ };
  for (size_t first = 0; first < taps; first += most) {
    const size_t end = ck_smaller(first + most, taps);
    for (size_t i = 0; i < n; i += bytes) {
      vi total[halves] = {SI(setzero)(), SI(setzero)()};
      for (size_t t = first; t < end; ++t) {
        CK_UNROLL for (int h = 0; h < halves; ++h)
          total[h] = I(add_epi16)(total[h], widen_to_16(in[t] + i + h * bytes / halves));
      }
      int16_t sums[bytes];
      CK_UNROLL for (int h = 0; h < halves; ++h) store(sums + h * bytes / halves, total[h]);
      CK_UNROLL for (int v = 0; v < 4; ++v) {
        int32_t *const to = sum + i + v * int32s;
        store(to, I(add_epi32)(load(to), widen_16(sums + v * int32s)));
      }
    }
  }
}

static void add_u8(const uint8_t *a, int32_t za, float ma, const uint8_t *b, int32_t zb, float mb,
                   int32_t zo, int32_t low, int32_t high, uint8_t *out, size_t n) {
  const rounding r = make_rounding(zo, low, high);
  const vi zero_a = I(set1_epi32)(za), zero_b = I(set1_epi32)(zb);
  const vf scale_a = I(set1_ps)(ma), scale_b = I(set1_ps)(mb);
  for (size_t i = 0; i < n; i += bytes) {
    vf t[4];
    CK_UNROLL for (int v = 0; v < 4; ++v) {
      const size_t at = i + (size_t)(v * int32s);
      t[v] = with_residual(scaled(I(sub_epi32)(widen(a + at), zero_a), scale_a), widen(b + at),
                           zero_b, scale_b, r.limit);
    }
    store_bytes(out + i, natural_order(round_and_pack(t, &r)), n - i);
  }
}

static void multiply_u8(const uint8_t *a, int32_t za, const uint8_t *b, int32_t zb, float m,
                        int32_t zo, int32_t low, int32_t high, uint8_t *out, size_t n) {
  const rounding r = make_rounding(zo, low, high);
  const vi zero_a = I(set1_epi32)(za), zero_b = I(set1_epi32)(zb);
  const vi low_half = I(set1_epi32)(0xffff);
  const vf scale = I(set1_ps)(m);
  for (size_t i = 0; i < n; i += bytes) {
    vf t[4];
    CK_UNROLL for (int v = 0; v < 4; ++v) {
      const size_t at = i + (size_t)(v * int32s);
      const vi x = I(sub_epi32)(widen(a + at), zero_a);
      /* Both factors fit 16 bits; the upper half of one is cleared, so pmaddwd is their product. */
      const vi y = SI(and)(I(sub_epi32)(widen(b + at), zero_b), low_half);
      t[v] = I(min_ps)(scaled(I(madd_epi16)(x, y), scale), r.limit);
    }
    store_bytes(out + i, natural_order(round_and_pack(t, &r)), n - i);
  }
}

static void requantize(const int32_t *acc, float m, int32_t zo, int32_t low, int32_t high,
                       uint8_t *out, size_t n) {
  const rounding r = make_rounding(zo, low, high);
  const vf scale = I(set1_ps)(m);
  int32_t rest[bytes] = {0};
  for (size_t i = 0; i < n; i += bytes) {
    const int32_t *from = acc + i;
    if (n - i < bytes) {
      ck_copy_bytes((uint8_t *)rest, (const uint8_t *)from, 4 * (n - i));
      from = rest;
    }
    vf t[4];
    CK_UNROLL for (int v = 0; v < 4; ++v) {
      t[v] = I(min_ps)(scaled(load(from + v * int32s), scale), r.limit);
    }
    store_bytes(out + i, natural_order(round_and_pack(t, &r)), n - i);
  }
}

#if CK_LANES == 4
/* 128 words of two bytes, in two halves: word i of the result is the one that bits 1 to 7 of a byte name, in word i of
 * `index` at bits 0 to 6; those of the second half are in `upper`. */
CK_INLINE vi words_at(const vi table[4], vi index, __mmask32 upper) {
  return _mm512_mask_blend_epi16(upper, _mm512_permutex2var_epi16(table[0], index, table[1]),
                                 _mm512_permutex2var_epi16(table[2], index, table[3]));
}

/* Masks of words come from signs: tests need the port that the permutations use. */
CK_INLINE vi word_looked_up(const vi table[4], vi in) {
  const vi shifted = _mm512_slli_epi16(in, 8);
  vi even = words_at(table, _mm512_srli_epi16(in, 1), _mm512_movepi16_mask(shifted));
  vi odd = words_at(table, _mm512_srli_epi16(in, 9), _mm512_movepi16_mask(in));
  even = _mm512_mask_srli_epi16(even, _mm512_movepi16_mask(_mm512_slli_epi16(in, 15)), even, 8);
  odd = _mm512_mask_slli_epi16(odd, ~_mm512_movepi16_mask(_mm512_slli_epi16(in, 7)), odd, 8);
  return _mm512_mask_blend_epi8(0xaaaaaaaaaaaaaaaa, even, odd);
}

#ifdef CK_VBMI
/* Bits 0 to 6 of a byte name one of 128. LLVM has no intrinsic without the whole file requiring VBMI. */
CK_INLINE vi bytes_at(vi first, vi in, vi second) {
  __asm__("vpermi2b %2, %1, %0" : "+v"(in) : "v"(first), "v"(second));
  return in;
}

CK_INLINE vi byte_looked_up(const vi table[4], vi in) {
  return _mm512_mask_blend_epi8(_mm512_movepi8_mask(in), bytes_at(table[0], in, table[1]),
                                bytes_at(table[2], in, table[3]));
}
#endif

CK_INLINE void look_up(const uint8_t table[256], const uint8_t *in, uint8_t *out, size_t n,
                       vi one(const vi table[4], vi in)) {
  vi values[4];
  CK_UNROLL for (int k = 0; k < 4; ++k) values[k] = load(table + 64 * k);
  size_t i = 0;
  for (; n - i >= bytes; i += bytes) store(out + i, one(values, load(in + i)));
  if (i == n) return;
  const __mmask64 rest = CK_MASK(n - i);
  store_bytes(out + i, one(values, _mm512_maskz_loadu_epi8(rest, in + i)), n - i);
}

static void lookup_u8(const uint8_t table[256], const uint8_t *in, uint8_t *out, size_t n) {
#ifdef CK_VBMI
  if (ck_has_vbmi()) {
    look_up(table, in, out, n, byte_looked_up);
    return;
  }
#endif
  look_up(table, in, out, n, word_looked_up);
}
#else
/* Sixteen tables of 16 bytes. pshufb gives 0 where an index is negative; the index falls by 16 a
 * step, saturating, and every table is stored as its difference (xor) from the one before, so
 * that the steps an index takes part in telescope to its own table. */
static void lookup_u8(const uint8_t table[256], const uint8_t *in, uint8_t *out, size_t n) {
  size_t i = 0;
  if (CK_LANES > 1 && n >= 2 * bytes) {
    vi difference[16];
    CK_UNROLL for (int k = 0; k < 16; ++k) {
      difference[k] = broadcast_lane(table + 16 * k);
      if (k % 8 != 0) {
        difference[k] = SI(xor)(difference[k], broadcast_lane(table + 16 * k - 16));
      }
    }
    const vi step = I(set1_epi8)(16), top = I(set1_epi8)((char)0x80);
    for (; n - i >= bytes; i += bytes) {
      vi lower = load(in + i), upper = SI(xor)(lower, top), value = SI(setzero)();
      CK_UNROLL for (int k = 0; k < 8; ++k) {
        value = SI(xor)(value, I(shuffle_epi8)(difference[k], lower));
        value = SI(xor)(value, I(shuffle_epi8)(difference[8 + k], upper));
        lower = I(subs_epi8)(lower, step);
        upper = I(subs_epi8)(upper, step);
      }
      store(out + i, value);
    }
  }
  for (; i < n; ++i) out[i] = table[in[i]];
}
#endif
