/* What ../convolution.h needs, for every x86 set. */

/* Where vector v of weights is whose blocks lie `stride` bytes apart. */
CK_INLINE size_t vector_at(size_t stride, const int v) {
  return (size_t)(v / per_block) * stride + (size_t)(v % per_block * bytes);
}

/* The pixels of a list's tiles of 1, 2, 3 and 4 blocks, as bits. */
#define CK_SIZES(TILES) \
  {0 TILES(CK_SIZE_1), 0 TILES(CK_SIZE_2), 0 TILES(CK_SIZE_3), 0 TILES(CK_SIZE_4)}
#define CK_SIZE_1(P, B) | (B == 1 ? 1u << P : 0)
#define CK_SIZE_2(P, B) | (B == 2 ? 1u << P : 0)
#define CK_SIZE_3(P, B) | (B == 3 ? 1u << P : 0)
#define CK_SIZE_4(P, B) | (B == 4 ? 1u << P : 0)

/* The most pixels, up to `most`, of a tile of so many blocks; there is one of a pixel. */
CK_INLINE size_t widest_tile(const uint16_t sizes[4], size_t blocks, size_t most) {
  const unsigned fitting = sizes[blocks - 1] & ((2u << ck_smaller(most, 15)) - 1);
  return (size_t)(31 - __builtin_clz(fitting));
}

/* The multipliers of any CK_LANES consecutive blocks of a tile that is 1, 2 or 4, but at most
 * CK_LANES, blocks wide: they are always the same. */
CK_INLINE void load_multipliers(vf multiplier[4], const ck_epilogue *e, size_t channel,
                                size_t blocks) {
  CK_UNROLL for (int v = 0; v < 4; ++v) {
    const size_t block = (size_t)(v / per_block) & (blocks - 1);
    multiplier[v] = (vf)load(e->multiplier + channel + block * 16 + v % per_block * int32s);
  }
}

/* Requantizes CK_LANES blocks of a part, from its block f on; 1 << shift blocks a pixel.
 * `residual` and `full` are constants where this is inlined; full: all of them exist and have 16
 * channels. */
CK_INLINE void finish_group(const finished_part *part, const ck_epilogue *e, void *const *output,
                            const rounding *r, const vf multiplier[4], const size_t f,
                            const size_t shift, const bool residual, const bool full) {
  const size_t blocks = (size_t)1 << shift, count = part->pixels << shift;
  vf t[4];
  CK_UNROLL for (int v = 0; v < 4; ++v) {
    /* Blocks past the last repeat it and are not stored. */
    const size_t block = full ? f + (size_t)(v / per_block)
                              : ck_smaller(f + (size_t)(v / per_block), count - 1);
    t[v] = scaled(load(part->acc + block * 16 + v % per_block * int32s), multiplier[v]);
    if (residual) {
      const size_t at = (block & (blocks - 1)) * 16 + (size_t)(v % per_block * int32s);
      const uint8_t *from = e->residual[part->pixel + (block >> shift)] + part->channel + at;
      t[v] = with_residual(t[v], widen(from), I(set1_epi32)(e->residual_zero_point),
                           I(set1_ps)(e->residual_multiplier), r->limit);
    }
  }
  const vi u = natural_order(round_and_pack(t, r));
  void *const *to = output + part->pixel + (f >> shift);
  if (full) {
    const int parts = CK_LANES >> shift;
    CK_UNROLL for (int i = 0; i < parts; ++i) {
      store_part((uint8_t *)to[i] + part->channel, u, i, parts);
    }
    return;
  }
  CK_UNROLL for (int lane = 0; lane < CK_LANES; ++lane) {
    const size_t at = ((size_t)lane & (blocks - 1)) * 16;
    if (f + (size_t)lane >= count || part->left <= at) continue;
    store_lane((uint8_t *)to[lane >> shift] + part->channel + at, u, lane, part->left - at);
  }
}

/* Requantizes a part to bytes. */
CK_INLINE void finish_blocks(const finished_part *part, const ck_epilogue *e, void *const *output,
                             const rounding *r, const size_t shift, const bool residual) {
  if (shift > CK_LANES / 2) __builtin_unreachable();
  const size_t blocks = (size_t)1 << shift, count = part->pixels << shift;
  vf multiplier[4];
  load_multipliers(multiplier, e, part->channel, blocks);
  size_t f = 0;
  if (part->left >= blocks * 16) {
    for (; f + CK_LANES <= count; f += CK_LANES) {
      finish_group(part, e, output, r, multiplier, f, shift, residual, true);
    }
  }
  for (; f < count; f += CK_LANES) {
    finish_group(part, e, output, r, multiplier, f, shift, residual, false);
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

#ifdef CK_DPBUSD
/* Adds the products of four input channels, from byte k of the rows of P pixels, to sum[P][V]. */
CK_INLINE void add_step(vi *sum, const uint8_t *const *in, size_t k, const int8_t *weights,
                        size_t stride, const int P, const int V) {
  prepared_weights w[16];
  CK_UNROLL for (int v = 0; v < V; ++v) {
    const int8_t *at = weights + vector_at(stride, v);
    w[v] = prepare_weights(load(at));
  }
  CK_UNROLL for (int p = 0; p < P; ++p) {
    const prepared_input u = prepare_input(I(set1_epi32)(ck_read32(in[p] + k)));
    CK_UNROLL for (int v = 0; v < V; ++v) sum[p * V + v] = dot(sum[p * V + v], u, w[v]);
  }
}

/* acc[p][b][16] = bias + dot products, for P pixels and B blocks; P and B are constants where
 * this is inlined, so that the accumulators are registers. `stride` is the distance of blocks in
 * the weights. Where `to_bytes` and the tile is a full one, requantizes and writes it from its
 * registers instead, and returns true: layers of few input channels spend most of their time
 * there. Only full tiles do, which keeps the code small. */
CK_INLINE bool accumulate(const ck_conv_tile *tile, const ck_epilogue *e, size_t pixel,
                          size_t channel, const int8_t *weights, size_t stride, int32_t *acc,
                          bool to_bytes, const int P, const int B) {
  const int V = B * per_block;
  vi sum[CK_ACCUMULATORS];
  CK_UNROLL for (int v = 0; v < V; ++v) {
    const vi start = load(e->bias + channel + v * int32s);
    CK_UNROLL for (int p = 0; p < P; ++p) sum[p * V + v] = start;
  }
  const uint8_t *const *row = tile->input + pixel;
  const size_t row_bytes = 4 * tile->k4;
  size_t taps = tile->taps;
  if (P * V == CK_ACCUMULATORS && row_bytes == 4) { /* a first layer: one step a tap */
    for (; taps > 0; --taps, row += tile->pixels, weights += 64) {
      add_step(sum, row, 0, weights, stride, P, V);
    }
  }
  for (; taps > 0; --taps, row += tile->pixels) {
    const uint8_t *in[CK_MAX_TILE];
    CK_UNROLL for (int p = 0; p < P; ++p) in[p] = row[p];
    for (size_t k = 0; k < row_bytes; k += 4, weights += 64) {
      add_step(sum, in, k, weights, stride, P, V);
    }
  }
  if (P * V == CK_ACCUMULATORS && to_bytes) {
    const rounding r = make_rounding(e->zero_point, e->low, e->high);
    const int pixels = CK_LANES / B; /* in four accumulators */
    vf multiplier[4];
    load_multipliers(multiplier, e, channel, (size_t)B);
    CK_UNROLL for (int g = 0; g < P * V / 4; ++g) {
      vf t[4];
      CK_UNROLL for (int v = 0; v < 4; ++v) t[v] = scaled(sum[4 * g + v], multiplier[v]);
      const vi u = natural_order(round_and_pack(t, &r));
      CK_UNROLL for (int i = 0; i < pixels; ++i) {
        uint8_t *to = (uint8_t *)tile->output[pixel + (size_t)(g * pixels + i)];
        store_part(to + channel, u, i, pixels);
      }
    }
    return true;
  }
  CK_UNROLL for (int i = 0; i < P * V; ++i) store(acc + i * int32s, sum[i]);
  return false;
}
#endif
