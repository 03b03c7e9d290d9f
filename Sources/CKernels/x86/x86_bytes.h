/* Products of bytes, in sets without a dot product instruction. pmaddubsw makes twice the products of
 * pmaddwd, but cuts sums of two to 16 bits. What a channel's inputs are at most tells where that cannot
 * happen, for sums of four even: after a ReLU, nearly everywhere. All other products are made
 * of int16, so every sum is exact.
 *
 * A tap's plan is a count of pairs of steps whose sums are added before they are widened, these pairs,
 * and all other steps, whose products are of int16. */

/* The least and greatest input of every channel. */
static void range_u8(const uint8_t *in, size_t step, size_t pixels, size_t quads, uint8_t *least,
                     uint8_t *most) {
  for (size_t quad = 0; quad < quads; quad += int32s) {
    const size_t left = quads - quad;
    const uint8_t *at = in + 4 * quad;
    vi low = load(least + 4 * quad), high = load(most + 4 * quad);
    for (size_t p = 0; p < pixels; ++p, at += step) {
      const vi u = left >= int32s ? load(at) : load_steps(at, left);
      low = I(min_epu8)(low, u);
      high = I(max_epu8)(high, u);
    }
    store(least + 4 * quad, low);
    store(most + 4 * quad, high);
  }
}

static void lower_u8(const uint8_t *in, size_t step, size_t pixels, size_t quads,
                     const uint8_t *least, uint8_t *out) {
  for (size_t p = 0; p < pixels; ++p, in += step, out += 4 * quads) {
    for (size_t quad = 0; quad < quads; quad += int32s) { /* the end is overwritten by the next pixel */
      const size_t left = quads - quad;
      const vi u = left >= int32s ? load(in + 4 * quad) : load_steps(in + 4 * quad, left);
      store(out + 4 * quad, I(subs_epu8)(u, load(least + 4 * quad)));
    }
  }
}

static void raise_bias(const uint8_t *least, const int8_t *weights, size_t k4, size_t blocks,
                       const int32_t *bias, int32_t *raised) {
  for (size_t block = 0; block < blocks; ++block, bias += 16, raised += 16) {
    vi sum[4];
    CK_UNROLL for (int v = 0; v < per_block; ++v) sum[v] = load(bias + v * int32s);
    for (size_t k = 0; k < k4; ++k, weights += 64) {
      const prepared_input u = prepare_input(I(set1_epi32)(ck_read32(least + 4 * k)));
      CK_UNROLL for (int v = 0; v < per_block; ++v) {
        sum[v] = dot(sum[v], u, prepare_weights(load(weights + v * bytes)));
      }
    }
    CK_UNROLL for (int v = 0; v < per_block; ++v) store(raised + v * int32s, sum[v]);
  }
}

/* Whether the magnitudes of the products of two steps together fit 16 bits, for V vectors of weights. */
CK_INLINE bool magnitudes_fit(const vi most[2], const int8_t *const at[2], size_t stride,
                              const int V) {
  vi greatest = SI(setzero)();
  CK_UNROLL for (int v = 0; v < V; ++v) {
    const size_t offset = vector_at(stride, v);
    const vi first = I(maddubs_epi16)(most[0], I(abs_epi8)(load(at[0] + offset)));
    const vi second = I(maddubs_epi16)(most[1], I(abs_epi8)(load(at[1] + offset)));
    greatest = I(max_epi16)(greatest, I(adds_epi16)(first, second));
  }
  return !has_word(greatest, INT16_MAX);
}

/* What sums of two products of a step are at most and at least, cut to 16 bits. */
typedef struct {
  vi most[6], least[6];
  uint16_t step;
} extremes;

CK_INLINE extremes extremes_of(vi most, const int8_t *at, size_t stride, size_t step, const int V) {
  const vi zero = SI(setzero)();
  extremes e;
  e.step = (uint16_t)step;
  CK_UNROLL for (int v = 0; v < V; ++v) {
    const vi w = load(at + vector_at(stride, v));
    e.most[v] = I(maddubs_epi16)(most, I(max_epi8)(w, zero));
    e.least[v] = I(maddubs_epi16)(most, I(min_epi8)(w, zero));
  }
  return e;
}

/* Whether the sums of both together fit 16 bits. */
CK_INLINE bool sums_fit(const extremes *a, const extremes *b, const int V) {
  vi most = SI(setzero)(), least = most;
  CK_UNROLL for (int v = 0; v < V; ++v) {
    most = I(max_epi16)(most, I(adds_epi16)(a->most[v], b->most[v]));
    least = I(min_epi16)(least, I(adds_epi16)(a->least[v], b->least[v]));
  }
  return !has_word(most, INT16_MAX) && !has_word(least, INT16_MIN);
}

enum { most_waiting = 3 }; /* steps that look for another; more find no more */

CK_INLINE void plan_tap(const uint8_t *most, const int8_t *weights, size_t stride, size_t k4,
                        uint16_t *plan, const int V) {
  uint16_t *pair = plan + 1, *single = pair + k4;
  extremes waiting[most_waiting], alone = {.step = 0};
  CK_UNROLL for (int v = 0; v < V; ++v) alone.most[v] = alone.least[v] = SI(setzero)();
  int count = 0;
  for (size_t k = 0; k < k4; ++k) {
    const int8_t *const at[2] = {weights + 64 * k, weights + 64 * (k + 1)};
    vi greatest[2] = {I(set1_epi32)(ck_read32(most + 4 * k))};
    if (count == 0 && k + 1 < k4) {
      greatest[1] = I(set1_epi32)(ck_read32(most + 4 * (k + 1)));
      if (magnitudes_fit(greatest, at, stride, V)) {
        *pair++ = (uint16_t)k;
        *pair++ = (uint16_t)++k;
        continue;
      }
    }
    const extremes e = extremes_of(greatest[0], at[0], stride, k, V);
    if (!sums_fit(&e, &alone, V)) {
      *--single = e.step;
      continue;
    }
    int other = 0;
    while (other < count && !sums_fit(&e, &waiting[other], V)) ++other;
    if (other < count) {
      *pair++ = waiting[other].step;
      *pair++ = e.step;
      waiting[other] = waiting[--count];
    } else if (count < most_waiting) {
      waiting[count++] = e;
    } else {
      *--single = waiting[0].step;
      waiting[0] = e;
    }
  }
  while (count > 0) *--single = waiting[--count].step;
  plan[0] = (uint16_t)((pair - plan) / 2);
}

/* Where the sums of a tile of bytes come from. */
typedef struct {
  const uint8_t *base[2]; /* of segments */
  const distances *d;
  const int8_t *weights;
  size_t stride;
} byte_tap;

CK_INLINE const int8_t *tap_weights(const byte_tap *tap, size_t k, const int v) {
  return tap->weights + 64 * k + vector_at(tap->stride, v);
}

CK_INLINE const uint8_t *tap_pixel(const byte_tap *tap, size_t k, const int p) {
  return pixel_at(tap->base[p / segment] + 4 * k, tap->d, p % segment);
}

/* What is read at *k is read after the sums of the pixel before p: if all inputs were loaded first,
 * sums would leave their registers. */
CK_INLINE void wait_for_sums(size_t *k, vi *sum, const int p, const int V) {
  CK_UNROLL for (int v = 0; v < V && p > 0; ++v) __asm__("" : "+r"(*k), "+v"(sum[(p - 1) * V + v]));
}

/* sum[P][V] += the products of a tap. */
CK_INLINE void add_tap_bytes(vi *sum, const byte_tap *tap, const uint16_t *plan, size_t k4,
                             const int P, const int V) {
  const uint16_t *steps = plan + 1, *const singles = steps + 2 * plan[0], *const end = steps + k4;
  const vi ones = I(set1_epi16)(1), *one = &ones;
  for (; steps < singles; steps += 2) {
    size_t k[2] = {steps[0], steps[1]};
    vi w[2][6];
    CK_UNROLL for (int v = 0; v < V; ++v) {
      w[0][v] = load(tap_weights(tap, k[0], v));
      w[1][v] = load(tap_weights(tap, k[1], v));
    }
    CK_UNROLL for (int p = 0; p < P; ++p) {
      wait_for_sums(&k[0], sum, p, V);
      if (CK_LANES < 4) __asm__("" : "+r"(one)); /* an operand in memory: 16 registers are full */
      const vi u0 = I(set1_epi32)(ck_read32(tap_pixel(tap, k[0], p)));
      const vi u1 = I(set1_epi32)(ck_read32(tap_pixel(tap, k[1], p)));
      CK_UNROLL for (int v = 0; v < V; ++v) {
        const vi first = I(maddubs_epi16)(u0, w[0][v]), second = I(maddubs_epi16)(u1, w[1][v]);
        const vi four = I(madd_epi16)(I(add_epi16)(first, second), CK_LANES < 4 ? *one : ones);
        sum[p * V + v] = I(add_epi32)(sum[p * V + v], four);
      }
    }
  }
  for (; steps < end; ++steps) {
    size_t k = *steps;
    prepared_weights w[6];
    CK_UNROLL for (int v = 0; v < V; ++v) w[v] = prepare_weights(load(tap_weights(tap, k, v)));
    CK_UNROLL for (int p = 0; p < P; ++p) {
      wait_for_sums(&k, sum, p, V);
      const int32_t u = ck_read32(tap_pixel(tap, k, p));
      const prepared_input prepared = prepare_input(I(set1_epi32)(u));
      CK_UNROLL for (int v = 0; v < V; ++v) sum[p * V + v] = dot(sum[p * V + v], prepared, w[v]);
    }
  }
}
