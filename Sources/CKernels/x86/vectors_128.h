/* Vectors of 128 bits for the x86 kernels: types, intrinsic prefixes, and what differs by width. */
typedef __m128i vi;
typedef __m128 vf;
#define CK_LANES 1
#define I(operation) _mm_##operation
#define SI(operation) _mm_##operation##_si128

/* [4] bytes to [4] int32. */
CK_INLINE vi widen(const uint8_t *from) {
  return _mm_cvtepu8_epi32(_mm_cvtsi32_si128(ck_read32(from)));
}

/* [8] bytes to [8] int16. */
CK_INLINE vi widen_to_16(const uint8_t *from) {
  return _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)from));
}

/* [4] int16 to [4] int32. */
CK_INLINE vi widen_16(const int16_t *from) {
  return _mm_cvtepi16_epi32(_mm_loadl_epi64((const __m128i *)from));
}

/* From the byte order that packing four accumulators gives, [lane][accumulator][4], to their
 * order. */
CK_INLINE vi natural_order(vi bytes) { return bytes; }

/* Of packing two vectors' elements: those of the first and then the second. */
CK_INLINE vi halves_in_order(vi v) { return v; }

/* Lane 0 of a and of b, lane 1 of both, ... */
CK_INLINE void store_interleaved(int16_t *to, vi a, vi b) {
  _mm_storeu_si128((vi *)to, a);
  _mm_storeu_si128((vi *)(to + 8), b);
}

/* [4] int32, which int16 hold, as these. */
CK_INLINE void store_words(int16_t *to, vi v) {
  _mm_storel_epi64((vi *)to, _mm_packs_epi32(v, v));
}

/* The one 128-bit lane. */
CK_INLINE vi lanes_at(const void *const at[1]) { return _mm_loadu_si128(at[0]); }

/* Products of 16 int16 from at[l] on, a lane each, with weights[l], in four sums. */
CK_INLINE vi products_of_16(const void *const at[1], const int16_t *weights) {
  const vi *from = at[0], *by = (const vi *)weights;
  return _mm_add_epi32(_mm_madd_epi16(_mm_loadu_si128(from), _mm_loadu_si128(by)),
                       _mm_madd_epi16(_mm_loadu_si128(from + 1), _mm_loadu_si128(by + 1)));
}

/* The first n bytes, n >= 1. */
CK_INLINE void store_bytes(uint8_t *to, vi v, size_t n) {
  if (n >= 16) {
    _mm_storeu_si128((vi *)to, v);
  } else {
    uint8_t all[16];
    _mm_storeu_si128((vi *)all, v);
    ck_copy_bytes(to, all, n);
  }
}

/* The first n floats, n >= 1. */
CK_INLINE void store_floats(float *to, vf v, size_t n) {
  if (n >= 4) {
    _mm_storeu_ps(to, v);
  } else {
    float all[4];
    _mm_storeu_ps(all, v);
    for (size_t i = 0; i < n; ++i) to[i] = all[i];
  }
}

/* The first n bytes of the one lane, n >= 1. */
CK_INLINE void store_lane(uint8_t *to, vi v, int lane, size_t n) {
  (void)lane;
  store_bytes(to, v, n);
}

/* Part i of `parts` = 1 equal parts. */
CK_INLINE void store_part(uint8_t *to, vi v, int i, int parts) {
  (void)i;
  (void)parts;
  _mm_storeu_si128((vi *)to, v);
}

/* The one lane, `left` >= 16 bytes. */
CK_INLINE void store_lanes(uint8_t *to, vi v, int lane, int lanes, uint64_t mask) {
  (void)lane;
  (void)lanes;
  (void)mask;
  _mm_storeu_si128((vi *)to, v);
}

/* 16 bytes in every lane. */
CK_INLINE vi broadcast_lane(const void *from) { return _mm_loadu_si128(from); }

/* 4 * steps bytes, 1 <= steps < 4; what follows them is anything. */
CK_INLINE vi load_steps(const void *from, size_t steps) {
  int32_t all[4];
  ck_copy_steps(all, from, steps);
  return _mm_loadu_si128((const vi *)all);
}

/* Whether one of the int16 is `value`. */
CK_INLINE bool has_word(vi v, int16_t value) {
  return _mm_movemask_epi8(_mm_cmpeq_epi16(v, _mm_set1_epi16(value))) != 0;
}
