/* Vectors of 256 bits for the x86 kernels: types, intrinsic prefixes, and what differs by width. */
typedef __m256i vi;
typedef __m256 vf;
#define CK_LANES 2
#define I(operation) _mm256_##operation
#define SI(operation) _mm256_##operation##_si256

/* [8] bytes to [8] int32. */
CK_INLINE vi widen(const uint8_t *from) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from));
}

/* [16] bytes to [16] int16. */
CK_INLINE vi widen_to_16(const uint8_t *from) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)from));
}

/* [8] int16 to [8] int32. */
CK_INLINE vi widen_16(const int16_t *from) {
  return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)from));
}

/* From the byte order that packing four accumulators gives, [lane][accumulator][4], to their
 * order. */
CK_INLINE vi natural_order(vi bytes) {
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/* Of packing two vectors' elements: those of the first and then the second. */
CK_INLINE vi halves_in_order(vi v) { return _mm256_permute4x64_epi64(v, 0xd8); }

/* Lane 0 of a and of b, lane 1 of both, ... */
CK_INLINE void store_interleaved(int16_t *to, vi a, vi b) {
  _mm256_storeu_si256((vi *)to, _mm256_permute2x128_si256(a, b, 0x20));
  _mm256_storeu_si256((vi *)(to + 16), _mm256_permute2x128_si256(a, b, 0x31));
}

/* [8] int32, which int16 hold, as these. */
CK_INLINE void store_words(int16_t *to, vi v) {
  _mm_storeu_si128((__m128i *)to, _mm_packs_epi32(_mm256_castsi256_si128(v),
                                                  _mm256_extracti128_si256(v, 1)));
}

/* 128-bit lane l is 16 bytes at at[l]. */
CK_INLINE vi lanes_at(const void *const at[2]) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(at[0])),
                                 _mm_loadu_si128(at[1]), 1);
}

/* Products of 16 int16 from at[l] on, a lane each, with weights[l], in four sums. */
CK_INLINE vi products_of_16(const void *const at[2], const int16_t *weights) {
  const vi *by = (const vi *)weights;
  const vi a = _mm256_madd_epi16(_mm256_loadu_si256(at[0]), _mm256_loadu_si256(by));
  const vi b = _mm256_madd_epi16(_mm256_loadu_si256(at[1]), _mm256_loadu_si256(by + 1));
  return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20),
                          _mm256_permute2x128_si256(a, b, 0x31));
}

/* The first n bytes, n >= 1. */
CK_INLINE void store_bytes(uint8_t *to, vi v, size_t n) {
  if (n >= 32) {
    _mm256_storeu_si256((vi *)to, v);
  } else {
    uint8_t all[32];
    _mm256_storeu_si256((vi *)all, v);
    ck_copy_bytes(to, all, n);
  }
}

/* The first n floats, n >= 1. */
CK_INLINE void store_floats(float *to, vf v, size_t n) {
  if (n >= 8) {
    _mm256_storeu_ps(to, v);
  } else {
    float all[8];
    _mm256_storeu_ps(all, v);
    for (size_t i = 0; i < n; ++i) to[i] = all[i];
  }
}

CK_INLINE __m128i lane_of(vi v, int lane) {
  return lane ? _mm256_extracti128_si256(v, 1) : _mm256_castsi256_si128(v);
}

/* The first n bytes of lane l, n >= 1. */
CK_INLINE void store_lane(uint8_t *to, vi v, int lane, size_t n) {
  const __m128i part = lane_of(v, lane);
  if (n >= 16) {
    _mm_storeu_si128((__m128i *)to, part);
  } else {
    uint8_t all[16];
    _mm_storeu_si128((__m128i *)all, part);
    ck_copy_bytes(to, all, n);
  }
}

/* Part i of `parts` = 1 or 2 equal parts, both constants. */
CK_INLINE void store_part(uint8_t *to, vi v, int i, int parts) {
  if (parts == 1) {
    _mm256_storeu_si256((vi *)to, v);
  } else {
    store_lane(to, v, i, 16);
  }
}

/* The first n bytes of quarter i, n >= 1. */
CK_INLINE void store_quarter(uint8_t *to, vi v, int i, size_t n) {
  const __m128i half = i < 2 ? _mm256_castsi256_si128(v) : _mm256_extracti128_si256(v, 1);
  uint8_t some[8];
  uint8_t *const at = n >= 8 ? to : some;
  if (i % 2) {
    _mm_storeh_pi((__m64 *)at, (__m128)half);
  } else {
    _mm_storel_epi64((__m128i *)at, half);
  }
  if (n < 8) ck_copy_bytes(to, some, n);
}

/* `lanes` lanes from `lane` on, both constants, `left` bytes at least. */
CK_INLINE void store_lanes(uint8_t *to, vi v, int lane, int lanes, uint64_t mask) {
  (void)mask;
  if (lanes == 2) {
    _mm256_storeu_si256((vi *)to, v);
  } else {
    store_lane(to, v, lane, 16);
  }
}

/* Elements 0, 2, 4, ... of a and then b. */
CK_INLINE vi even_int32s(vi a, vi b) {
  const vf both = _mm256_shuffle_ps((vf)a, (vf)b, 0x88); /* a, b, a, b by halves of lanes */
  return _mm256_permute4x64_epi64((vi)both, 0xd8);
}

/* 16 bytes in every lane. */
CK_INLINE vi broadcast_lane(const void *from) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)from));
}

/* 4 * steps bytes, 1 <= steps < 8; what follows them is anything. */
CK_INLINE vi load_steps(const void *from, size_t steps) {
  int32_t all[8];
  ck_copy_steps(all, from, steps);
  return _mm256_loadu_si256((const vi *)all);
}

/* Whether one of the int16 is `value`. */
CK_INLINE bool has_word(vi v, int16_t value) {
  return _mm256_movemask_epi8(_mm256_cmpeq_epi16(v, _mm256_set1_epi16(value))) != 0;
}
