/* Vectors of 512 bits for the x86 kernels: types, intrinsic prefixes, and what differs by width. */
typedef __m512i vi;
typedef __m512 vf;
#define CK_LANES 4
#define I(operation) _mm512_##operation
#define SI(operation) _mm512_##operation##_si512

/* The first `n` elements, 1 <= n < 2^elements. */
#define CK_MASK(n) ((n) >= 64 ? ~0ull : ~0ull >> (64 - (n)))

/* [16] bytes to [16] int32. */
CK_INLINE vi widen(const uint8_t *from) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from));
}

/* [32] bytes to [32] int16. */
CK_INLINE vi widen_to_16(const uint8_t *from) {
  return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)from));
}

/* [16] int16 to [16] int32. */
CK_INLINE vi widen_16(const int16_t *from) {
  return _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)from));
}

/* From the byte order that packing four accumulators gives, [lane][accumulator][4], to their
 * order. */
CK_INLINE vi natural_order(vi bytes) {
  const vi order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, bytes);
}

/* Of packing two vectors' elements: those of the first and then the second. */
CK_INLINE vi halves_in_order(vi v) {
  return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), v);
}

/* Lane 0 of a and of b, lane 1 of both, ... */
CK_INLINE void store_interleaved(int16_t *to, vi a, vi b) {
  const vi first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
  const vi second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
  _mm512_storeu_si512(to, _mm512_permutex2var_epi64(a, first, b));
  _mm512_storeu_si512(to + 32, _mm512_permutex2var_epi64(a, second, b));
}

/* [16] int32, which int16 hold, as these. */
CK_INLINE void store_words(int16_t *to, vi v) {
  _mm256_storeu_si256((__m256i *)to, _mm512_cvtepi32_epi16(v));
}

/* 128-bit lane l is 16 bytes at at[l]. */
CK_INLINE vi lanes_at(const void *const at[4]) {
  const vi low = _mm512_inserti32x4(_mm512_castsi128_si512(_mm_loadu_si128(at[0])),
                                    _mm_loadu_si128(at[1]), 1);
  return _mm512_inserti32x4(_mm512_inserti32x4(low, _mm_loadu_si128(at[2]), 2),
                            _mm_loadu_si128(at[3]), 3);
}

/* 32 bytes at a and 32 at b. */
CK_INLINE vi halves_at(const void *a, const void *b) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256(a)), _mm256_loadu_si256(b), 1);
}

/* Products of 16 int16 from at[l] on, a lane each, with weights[l], in four sums. */
CK_INLINE vi products_of_16(const void *const at[4], const int16_t *weights) {
  const vi a = _mm512_madd_epi16(halves_at(at[0], at[1]), _mm512_loadu_si512(weights));
  const vi b = _mm512_madd_epi16(halves_at(at[2], at[3]), _mm512_loadu_si512(weights + 32));
  return _mm512_add_epi32(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xdd));
}

/* Lanes 1, 2 and 3 of v, and then 16 bytes. */
CK_INLINE vi next_lanes(vi v, const void *last) {
  return _mm512_alignr_epi64(_mm512_castsi128_si512(_mm_loadu_si128(last)), v, 2);
}

/* The first n bytes, n >= 1. */
CK_INLINE void store_bytes(uint8_t *to, vi v, size_t n) {
  _mm512_mask_storeu_epi8(to, CK_MASK(n), v);
}

/* The first n floats, n >= 1. */
CK_INLINE void store_floats(float *to, vf v, size_t n) {
  _mm512_mask_storeu_ps(to, (__mmask16)(n >= 16 ? 0xffff : CK_MASK(n)), v);
}

CK_INLINE __m128i lane_of(vi v, int lane) {
  switch (lane) {
  case 0: return _mm512_castsi512_si128(v);
  case 1: return _mm512_extracti32x4_epi32(v, 1);
  case 2: return _mm512_extracti32x4_epi32(v, 2);
  default: return _mm512_extracti32x4_epi32(v, 3);
  }
}

/* The first n bytes of lane l, n >= 1. */
CK_INLINE void store_lane(uint8_t *to, vi v, int lane, size_t n) {
  _mm_mask_storeu_epi8(to, (__mmask16)(n >= 16 ? 0xffff : CK_MASK(n)), lane_of(v, lane));
}

/* Part i of `parts` = 1, 2 or 4 equal parts, both constants. */
CK_INLINE void store_part(uint8_t *to, vi v, int i, int parts) {
  if (parts == 1) {
    _mm512_storeu_si512(to, v);
  } else if (parts == 2) {
    const __m256i half = i ? _mm512_extracti64x4_epi64(v, 1) : _mm512_castsi512_si256(v);
    _mm256_storeu_si256((__m256i *)to, half);
  } else {
    store_lane(to, v, i, 16);
  }
}

/* The first n bytes of quarter i, n >= 1. */
CK_INLINE void store_quarter(uint8_t *to, vi v, int i, size_t n) {
  if (n >= 16) {
    store_part(to, v, i, 4);
  } else {
    store_lane(to, v, i, n);
  }
}

/* `lanes` lanes from `lane` on, both constants, of these the bytes of `mask`. */
CK_INLINE void store_lanes(uint8_t *to, vi v, int lane, int lanes, uint64_t mask) {
  if (lanes > 2) {
    const uint64_t all = ~0ull >> (64 - 16 * lanes);
    _mm512_mask_storeu_epi8(to - 16 * lane, (mask & all) << 16 * lane, v);
  } else if (lanes == 2) {
    const __m256i half = lane ? _mm512_extracti64x4_epi64(v, 1) : _mm512_castsi512_si256(v);
    _mm256_mask_storeu_epi8(to, (__mmask32)mask, half);
  } else {
    _mm_mask_storeu_epi8(to, (__mmask16)mask, lane_of(v, lane));
  }
}

/* Elements 0, 2, 4, ... of a and then b. */
CK_INLINE vi even_int32s(vi a, vi b) {
  const vi even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  return _mm512_permutex2var_epi32(a, even, b);
}

/* 16 bytes in every lane. */
CK_INLINE vi broadcast_lane(const void *from) {
  return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)from));
}

/* 4 * steps bytes, 1 <= steps < 16; what follows them is anything. */
CK_INLINE vi load_steps(const void *from, size_t steps) {
  return _mm512_maskz_loadu_epi32((__mmask16)(0xffffu >> (16 - steps)), from);
}

/* Whether one of the int16 is `value`. */
CK_INLINE bool has_word(vi v, int16_t value) {
  return _mm512_cmpeq_epi16_mask(v, _mm512_set1_epi16(value)) != 0;
}
