/* The kernels of every x86 set, over vectors of CK_LANES x 128 bits. Included once by each set's file after
 * its width (x86_512.h, x86_256.h, x86_128.h) and x86_dot.h, which give: vi, vf, I(), SI(), widen,
 * natural_order, lanes_from, broadcast_lane, store_*, prepare_*, dot. The set's file defines
 *   CK_TILES(X)            its register tiles X(pixels, blocks of 16 channels), all it has, and
 *   CK_SHAPES              {blocks, most pixels} of its tiles, widest first; blocks a power of two. */

enum {
  int32s = 4 * CK_LANES,         /* int32 a vector */
  bytes = 16 * CK_LANES,         /* bytes a vector */
  per_block = 4 / CK_LANES,      /* vectors of int32 a block of 16 channels */
};

CK_INLINE vi load(const void *from) { return SI(loadu)((const vi *)from); }
CK_INLINE void store(void *to, vi v) { SI(storeu)((vi *)to, v); }

/* ---- Requantization ---- */

/* What a call's requantizations share. */
typedef struct {
  vi zero_point; /* int16 */
  vi low, high;  /* u8 */
  vf limit;      /* below 2^31: sums of products that exceed it are clamped, not wrapped */
} rounding;

CK_INLINE rounding make_rounding(int32_t zero_point, int32_t low, int32_t high) {
  return (rounding){I(set1_epi16)((short)zero_point), I(set1_epi8)((char)low),
                    I(set1_epi8)((char)high), I(set1_ps)(1e9f)};
}

/* Four vectors of floats to bytes in the order [lane][vector][4]. Rounding is to nearest even; the packs
 * saturate, which changes nothing: the zero point moves a value by at most 255, and then it is clamped. */
CK_INLINE vi round_and_pack(const vf t[4], const rounding *r) {
  const vi first = I(packs_epi32)(I(cvtps_epi32)(t[0]), I(cvtps_epi32)(t[1]));
  const vi second = I(packs_epi32)(I(cvtps_epi32)(t[2]), I(cvtps_epi32)(t[3]));
  const vi u = I(packus_epi16)(I(adds_epi16)(first, r->zero_point),
                               I(adds_epi16)(second, r->zero_point));
  return I(min_epu8)(I(max_epu8)(u, r->low), r->high);
}

CK_INLINE vf scaled(vi acc, vf multiplier) {
  return I(mul_ps)(I(cvtepi32_ps)(acc), multiplier);
}

/* Both products are rounded before the sum. */
CK_INLINE vf with_residual(vf t, vi residual, vi zero_point, vf multiplier, vf limit) {
  return I(min_ps)(I(add_ps)(t, scaled(I(sub_epi32)(residual, zero_point), multiplier)), limit);
}

/* ---- Convolution ---- */

enum { most_accumulators = 24 };

/* acc[p][b][16] = bias + dot products, for P pixels and B blocks; P and B are constants where this is
 * inlined, so that the accumulators are registers. `stride` is the distance of blocks in the weights. */
CK_INLINE void accumulate(const ck_conv_tile *tile, size_t pixel, const int8_t *weights,
                          size_t stride, const int32_t *bias, int32_t *acc, const int P,
                          const int B) {
  const int V = B * per_block;
  vi sum[most_accumulators];
  CK_UNROLL for (int v = 0; v < V; ++v) {
    const vi start = load(bias + v * int32s);
    CK_UNROLL for (int p = 0; p < P; ++p) sum[p * V + v] = start;
  }
  const uint8_t *const *row = tile->input + pixel;
  const size_t row_bytes = 4 * tile->k4;
  for (size_t t = tile->taps; t-- > 0; row += tile->pixels) {
    const uint8_t *in[CK_MAX_TILE];
    CK_UNROLL for (int p = 0; p < P; ++p) in[p] = row[p];
    for (size_t k = 0; k < row_bytes; k += 4, weights += 64) {
      prepared_weights w[16];
      CK_UNROLL for (int v = 0; v < V; ++v) {
        const int8_t *at = weights + (size_t)(v / per_block) * stride + v % per_block * bytes;
        w[v] = prepare_weights(load(at));
      }
      CK_UNROLL for (int p = 0; p < P; ++p) {
        const prepared_input u = prepare_input(I(set1_epi32)(ck_read32(in[p] + k)));
        CK_UNROLL for (int v = 0; v < V; ++v) sum[p * V + v] = dot(sum[p * V + v], u, w[v]);
      }
    }
  }
  CK_UNROLL for (int i = 0; i < P * V; ++i) store(acc + i * int32s, sum[i]);
}

/* A part of a tile whose sums lie in memory: pixels x blocks x 16, from pixel `pixel` and channel
 * `channel` on, of which `left` channels exist. */
typedef struct {
  const int32_t *acc;
  size_t pixel, pixels, channel, left;
} finished_part;

/* Requantizes a part to bytes; 1 << shift blocks, `residual` a constant where this is inlined. */
CK_INLINE void finish_blocks(const finished_part *part, const ck_epilogue *e, void *const *output,
                             const rounding *r, const size_t shift, const bool residual) {
  const size_t blocks = (size_t)1 << shift, count = part->pixels << shift;
  const float *multiplier = e->multiplier + part->channel;
  vi zero_point;
  vf residual_multiplier;
  if (residual) {
    zero_point = I(set1_epi32)(e->residual_zero_point);
    residual_multiplier = I(set1_ps)(e->residual_multiplier);
  }
  for (size_t f = 0; f < count; f += CK_LANES) {
    vf t[4];
    CK_UNROLL for (int v = 0; v < 4; ++v) {
      /* Lanes past the last block repeat it and are not stored. */
      const size_t block = ck_smaller(f + (size_t)(v / per_block), count - 1);
      const size_t at = (block & (blocks - 1)) * 16 + (size_t)(v % per_block * int32s);
      t[v] = scaled(load(part->acc + block * 16 + v % per_block * int32s),
                    I(loadu_ps)(multiplier + at));
      if (residual) {
        const uint8_t *from = e->residual[part->pixel + (block >> shift)] + part->channel + at;
        t[v] = with_residual(t[v], widen(from), zero_point, residual_multiplier, r->limit);
      }
    }
    const vi u = natural_order(round_and_pack(t, r));
    if (blocks >= CK_LANES && part->left >= blocks * 16) {
      uint8_t *to = (uint8_t *)output[part->pixel + (f >> shift)] + part->channel;
      store(to + (f & (blocks - 1)) * 16, u);
      continue;
    }
    CK_UNROLL for (int lane = 0; lane < CK_LANES; ++lane) {
      const size_t block = f + (size_t)lane, at = (block & (blocks - 1)) * 16;
      if (block >= count) break;
      uint8_t *to = (uint8_t *)output[part->pixel + (block >> shift)] + part->channel + at;
      store_lane(to, u, lane, part->left - at);
    }
  }
}

static void finish_bytes(const finished_part *part, const ck_epilogue *e, void *const *output,
                         size_t shift) {
  const rounding r = make_rounding(e->zero_point, e->low, e->high);
  switch (shift << 1 | (e->residual != NULL)) {
  case 0: finish_blocks(part, e, output, &r, 0, false); break;
  case 1: finish_blocks(part, e, output, &r, 0, true); break;
  case 2: finish_blocks(part, e, output, &r, 1, false); break;
  case 3: finish_blocks(part, e, output, &r, 1, true); break;
  case 4: finish_blocks(part, e, output, &r, 2, false); break;
  default: finish_blocks(part, e, output, &r, 2, true);
  }
}

static void finish_floats(const finished_part *part, const ck_epilogue *e, void *const *output,
                          size_t shift) {
  const int32_t *acc = part->acc;
  for (size_t p = 0; p < part->pixels; ++p, acc += (size_t)16 << shift) {
    float *to = (float *)output[part->pixel + p] + part->channel;
    for (size_t c = 0; c < part->left; c += int32s) {
      const vf multiplier = I(loadu_ps)(e->multiplier + part->channel + c);
      store_floats(to + c, scaled(load(acc + c), multiplier), part->left - c);
    }
  }
}

typedef struct {
  uint8_t blocks, pixels;
} tile_shape;

/* The widest shape that holds all pixels, else the one that holds most pixels. */
static size_t choose_shape(size_t pixels, size_t blocks) {
  static const tile_shape shapes[] = {CK_SHAPES};
  const size_t count = sizeof shapes / sizeof *shapes;
  size_t best = count - 1;
  for (size_t i = count; i-- > 0;) {
    if (shapes[i].blocks > blocks) break;
    if (shapes[i].pixels >= pixels || shapes[i].pixels >= shapes[best].pixels) best = i;
  }
  return (size_t)shapes[best].blocks << 8 | shapes[best].pixels;
}

static void convolve(const ck_conv_tile *tile, const ck_epilogue *e, bool to_floats) {
  _Alignas(64) int32_t acc[most_accumulators * int32s];
  const size_t stride = tile->taps * tile->k4 * 64;
  for (size_t channel = 0; channel < tile->channels;) {
    const size_t blocks_left = (tile->channels - channel + 15) / 16;
    const size_t shape = choose_shape(tile->pixels, blocks_left);
    const size_t blocks = shape >> 8, most = shape & 255;
    const int8_t *weights = tile->weights + channel / 16 * stride;
    /* Parts of even size: a part of one pixel would wait for its few accumulators. */
    for (size_t parts = (tile->pixels + most - 1) / most, pixel = 0; parts > 0; --parts) {
      const size_t pixels = (tile->pixels - pixel + parts - 1) / parts;
      switch (pixels << 4 | blocks) {
#define CK_CASE(P, B) \
  case P << 4 | B: \
    accumulate(tile, pixel, weights, stride, e->bias + channel, acc, P, B); \
    break;
        CK_TILES(CK_CASE)
#undef CK_CASE
      default: __builtin_unreachable();
      }
      const size_t left = ck_smaller(tile->channels - channel, blocks * 16);
      const finished_part part = {acc, pixel, pixels, channel, left};
      (to_floats ? finish_floats : finish_bytes)(&part, e, tile->output, blocks >> 1);
      pixel += pixels;
    }
    channel += blocks * 16;
  }
}
