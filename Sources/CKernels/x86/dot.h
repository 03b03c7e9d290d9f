/* acc[i] + sum over j < 4 of u[4i + j] * w[4i + j], u unsigned and w signed bytes, exact modulo
 * 2^32. The only thing in which the VNNI sets differ from the others of their width. */
#ifdef CK_DPBUSD
enum { has_dot = 1 };
typedef vi prepared_input;
typedef vi prepared_weights;
CK_INLINE prepared_input prepare_input(vi u) { return u; }
CK_INLINE prepared_weights prepare_weights(vi w) { return w; }
CK_INLINE vi dot(vi acc, prepared_input u, prepared_weights w) { return CK_DPBUSD(acc, u, w); }
#else
enum { has_dot = 0 };
/* Bytes 0 and 2, and bytes 1 and 3, widened to 16 bits: pmaddubsw would saturate, pmaddwd is
 * exact. */
typedef struct {
  vi even, odd;
} prepared_input, prepared_weights;
CK_INLINE prepared_input prepare_input(vi u) {
  return (prepared_input){SI(and)(u, I(set1_epi16)(0xff)), I(srli_epi16)(u, 8)};
}
CK_INLINE prepared_weights prepare_weights(vi w) {
  return (prepared_weights){I(srai_epi16)(I(slli_epi16)(w, 8), 8), I(srai_epi16)(w, 8)};
}
CK_INLINE vi dot(vi acc, prepared_input u, prepared_weights w) {
  acc = I(add_epi32)(acc, I(madd_epi16)(u.even, w.even));
  return I(add_epi32)(acc, I(madd_epi16)(u.odd, w.odd));
}
#endif

/* Adds the sums of the products of two int16 each. */
CK_INLINE vi dot_words(vi acc, vi a, vi b) {
#ifdef CK_DPWSSD
  /* Of its intrinsic LLVM makes a multiplication and an addition, to wait less for the sum. */
  __asm__(CK_DPWSSD " %2, %1, %0" : "+v"(acc) : "v"(a), "v"(b));
  return acc;
#else
  return I(add_epi32)(acc, I(madd_epi16)(a, b));
#endif
}
