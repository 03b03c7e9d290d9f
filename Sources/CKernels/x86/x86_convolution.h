/* What ../convolution.h needs, for every x86 set. */

/* acc[p][b][16] = bias + dot products, for P pixels and B blocks; P and B are constants where this is
 * inlined, so that the accumulators are registers. `stride` is the distance of blocks in the weights. */
CK_INLINE void accumulate(const ck_conv_tile *tile, const ck_epilogue *e, size_t pixel,
                          size_t channel, const int8_t *weights, size_t stride, int32_t *acc,
                          const int P, const int B) {
  const int V = B * per_block;
  vi sum[CK_ACCUMULATORS];
  CK_UNROLL for (int v = 0; v < V; ++v) {
    const vi start = load(e->bias + channel + v * int32s);
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
