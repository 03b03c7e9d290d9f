/* Winograd's convolutions in integers, for every x86 set: see ../winograd.h for the arithmetic. The
 * set's file defines CK_WINOGRAD_TILES(X), the pairs X(p) of tiles of its register tiles from 1 on,
 * of CK_WINOGRAD_VECTORS vectors of sums a tile. S is the side of a tile's inputs, 4 or 6, a
 * constant where functions are inlined. */

enum {
  wg_blocks = CK_WINOGRAD_VECTORS / per_block, /* blocks of 16 channels in a register tile */
  wg_row = wg_blocks * 64,                     /* bytes of its int32s, or pairs of int16 */
#define CK_COUNT(P) +2
  wg_part = 0 CK_WINOGRAD_TILES(CK_COUNT),     /* most tiles of it */
#undef CK_COUNT
};

/* Adds the sums of the products of two int16 each. */
CK_INLINE vi wg_dot(vi acc, vi a, vi b) { return I(add_epi32)(acc, I(madd_epi16)(a, b)); }

CK_INLINE vi wg_add(vi a, vi b) { return I(add_epi16)(a, b); }
CK_INLINE vi wg_subtract(vi a, vi b) { return I(sub_epi16)(a, b); }
CK_INLINE vi wg_shift(vi a, int bits) { return I(slli_epi16)(a, bits); }

/* B^T d of a column or row. */
CK_INLINE void wg_input_line(vi *out, const vi *d, const int S) {
  if (S == 4) {
    out[0] = wg_subtract(d[0], d[2]);
    out[1] = wg_add(d[1], d[2]);
    out[2] = wg_subtract(d[2], d[1]);
    out[3] = wg_subtract(d[1], d[3]);
    return;
  }
  const vi even = wg_subtract(d[4], d[2]), odd = wg_subtract(d[3], d[1]);
  const vi twice = wg_add(odd, odd);
  out[0] = wg_add(wg_shift(wg_subtract(d[0], d[2]), 2), even);
  out[1] = wg_subtract(wg_shift(wg_add(d[1], d[2]), 2), wg_add(d[3], d[4]));
  out[2] = wg_add(wg_shift(wg_subtract(d[2], d[1]), 2), wg_subtract(d[3], d[4]));
  out[3] = wg_add(even, twice);
  out[4] = wg_subtract(even, twice);
  out[5] = wg_subtract(wg_subtract(d[5], d[3]), wg_add(twice, twice));
}

/* G g of a column or row, with rows of integers. */
CK_INLINE void wg_weight_line(vi *out, const vi *g, const int S) {
  const vi sum = wg_add(g[0], g[2]);
  out[0] = g[0];
  out[1] = wg_add(sum, g[1]);
  out[2] = wg_subtract(sum, g[1]);
  if (S == 6) {
    const vi even = wg_add(g[0], wg_shift(g[2], 2)), odd = wg_shift(g[1], 1);
    out[3] = wg_add(even, odd);
    out[4] = wg_subtract(even, odd);
  }
  out[S - 1] = g[2];
}

/* A^T of a column or row of products, times 2 or 24. */
CK_INLINE void wg_output_line(vi *out, const vi *m, const int S) {
  const vi sum = I(add_epi32)(m[1], m[2]), difference = I(sub_epi32)(m[1], m[2]);
  if (S == 4) {
    out[0] = I(add_epi32)(I(slli_epi32)(m[0], 1), sum);
    out[1] = I(sub_epi32)(difference, I(slli_epi32)(m[3], 1));
    return;
  }
  const vi sum2 = I(add_epi32)(m[3], m[4]);
  const vi twice = I(slli_epi32)(I(sub_epi32)(m[3], m[4]), 1);
  const vi last = I(add_epi32)(I(slli_epi32)(m[5], 2), I(slli_epi32)(m[5], 1));
  out[0] = I(add_epi32)(I(slli_epi32)(I(add_epi32)(m[0], sum), 2),
                        I(add_epi32)(I(slli_epi32)(m[0], 1), sum2));
  out[1] = I(add_epi32)(I(slli_epi32)(difference, 2), twice);
  out[2] = I(slli_epi32)(I(add_epi32)(sum, sum2), 2);
  out[3] = I(slli_epi32)(I(add_epi32)(I(add_epi32)(difference, twice), last), 2);
}

/* [chunks][S * S places][tiles][even, odd][16] pairs of int16 of all tiles. */
CK_INLINE void wg_transform_inputs(const ck_winograd_tile *tile, const wg_layout *l, char *to,
                                   const int S) {
  const size_t row_bytes = 4 * tile->k4;
  for (size_t i = 0; i < tile->tiles; ++i) {
    const uint8_t *in[36];
    CK_UNROLL for (int t = 0; t < S * S; ++t) in[t] = tile->input[(size_t)t * tile->tiles + i];
    for (size_t at = 0; at < row_bytes; at += bytes) {
      char *const row = to + at / 64 * l->chunk + i * 128 + at % 64;
      for (size_t odd = 0; odd < 2; ++odd) {
        vi lines[6][6];
        CK_UNROLL for (int x = 0; x < S; ++x) {
          vi d[6], column[6];
          CK_UNROLL for (int y = 0; y < S; ++y) {
            const vi u = load(in[S * y + x] + at);
            d[y] = odd ? I(srli_epi16)(u, 8) : SI(and)(u, I(set1_epi16)(0xff));
          }
          wg_input_line(column, d, S);
          CK_UNROLL for (int y = 0; y < S; ++y) lines[y][x] = column[y];
        }
        CK_UNROLL for (int y = 0; y < S; ++y) {
          vi out[6];
          wg_input_line(out, lines[y], S);
          /* The only element that bytes less 128 have another value of. */
          if (S == 6 && y == 1) out[1] = wg_subtract(out[1], I(set1_epi16)(36 * 128));
          CK_UNROLL for (int x = 0; x < S; ++x) {
            store(row + (size_t)(S * y + x) * l->place + odd * 64, out[x]);
          }
        }
      }
    }
  }
}

/* [S * S places][quads][even, odd][blocks][16] pairs of int16 of the block at `weights`. */
CK_INLINE void wg_transform_weights(const int8_t *weights, size_t k4, size_t quads, size_t place,
                                    char *to, const int S) {
  for (size_t q = 0; q < quads; ++q, weights += 64, to += 2 * wg_row) {
    for (size_t at = 0; at < 64; at += bytes) {
      for (size_t odd = 0; odd < 2; ++odd) {
        vi lines[6][3];
        CK_UNROLL for (int x = 0; x < 3; ++x) {
          vi g[3], column[6];
          CK_UNROLL for (int y = 0; y < 3; ++y) {
            const vi w = load(weights + (size_t)(3 * y + x) * k4 * 64 + at);
            g[y] = I(srai_epi16)(odd ? w : I(slli_epi16)(w, 8), 8);
          }
          wg_weight_line(column, g, S);
          CK_UNROLL for (int y = 0; y < S; ++y) lines[y][x] = column[y];
        }
        CK_UNROLL for (int y = 0; y < S; ++y) {
          vi out[6];
          wg_weight_line(out, lines[y], S);
          CK_UNROLL for (int x = 0; x < S; ++x) {
            store(to + (size_t)(S * y + x) * place + odd * wg_row + at, out[x]);
          }
        }
      }
    }
  }
}

/* m[P][wg_row] (+)= the products of P tiles and the transformed weights of one place. */
CK_INLINE void wg_multiply(const char *in, size_t chunk, const char *weights, size_t quads,
                           char *m, bool add, const int P) {
  enum { V = CK_WINOGRAD_VECTORS };
  vi sum[CK_WINOGRAD_VECTORS * wg_part];
  CK_UNROLL for (int i = 0; i < P * V; ++i) {
    sum[i] = add ? load(m + i * bytes) : SI(setzero)();
  }
  while (quads > 0) {
    const size_t steps = ck_smaller(quads, 16);
    for (const char *const end = in + 4 * steps; in < end; in += 4) {
      CK_UNROLL for (int odd = 0; odd < 2; ++odd, weights += wg_row) {
        vi w[V];
        CK_UNROLL for (int v = 0; v < V; ++v) w[v] = load(weights + v * bytes);
        CK_UNROLL for (int p = 0; p < P; ++p) {
          const vi u = I(set1_epi32)(ck_read32(in + p * 128 + odd * 64));
          CK_UNROLL for (int v = 0; v < V; ++v) sum[p * V + v] = wg_dot(sum[p * V + v], u, w[v]);
        }
      }
    }
    in += chunk - 4 * steps;
    quads -= steps;
  }
  CK_UNROLL for (int i = 0; i < P * V; ++i) store(m + i * bytes, sum[i]);
}

/* The sums of a tile's outputs, of the vector at m, one of each place every wg_part rows. */
CK_INLINE void wg_transform_outputs(const char *m, vi bias, vi weight_sum, int32_t *const *to,
                                    const int S) {
  vi lines[4][6];
  CK_UNROLL for (int x = 0; x < S; ++x) {
    vi column[6], out[4];
    CK_UNROLL for (int y = 0; y < S; ++y) column[y] = load(m + (S * y + x) * wg_part * wg_row);
    wg_output_line(out, column, S);
    CK_UNROLL for (int y = 0; y < S - 2; ++y) lines[y][x] = out[y];
  }
  if (S == 6) bias = I(add_epi32)(bias, I(slli_epi32)(weight_sum, 7));
  CK_UNROLL for (int y = 0; y < S - 2; ++y) {
    vi out[4];
    wg_output_line(out, lines[y], S);
    CK_UNROLL for (int x = 0; x < S - 2; ++x) {
      vi sum = S == 4 ? I(srai_epi32)(out[x], 2)
                      : I(srai_epi32)(I(mullo_epi32)(out[x], I(set1_epi32)(wg_ninth)), 6);
      store(to[(S - 2) * y + x], I(add_epi32)(sum, bias));
    }
  }
}

/* The outputs of `count` tiles from `first` on, of which m holds the products; at most
 * 4 * wg_part pixels. */
CK_INLINE void wg_finish(const ck_winograd_tile *tile, const ck_epilogue *e, const char *m,
                         size_t first, size_t count, size_t channel, const int S) {
  enum { most = 4 * wg_part };
  _Alignas(64) int32_t acc[(most + 1) * wg_blocks * 16];
  void *output[most];
  const uint8_t *residual[most];
  const size_t left = ck_smaller(tile->channels - channel, wg_blocks * 16);
  const size_t blocks = (left + 15) / 16, each = (size_t)((S - 2) * (S - 2));
  size_t pixels = 0;
  for (size_t i = 0; i < count; ++i, m += wg_row) {
    int32_t *to[16];
    for (size_t o = 0; o < each; ++o) {
      const size_t from = each * (first + i) + o;
      to[o] = acc + most * wg_blocks * 16;
      if (!tile->output[from]) continue;
      output[pixels] = tile->output[from];
      if (e->residual) residual[pixels] = e->residual[from];
      to[o] = acc + pixels++ * blocks * 16;
    }
    for (size_t v = 0; v < blocks * per_block; ++v) {
      const size_t n = channel + v * int32s;
      wg_transform_outputs(m + v * bytes, load(e->bias + n), load(e->weight_sum + n), to, S);
      for (size_t o = 0; o < each; ++o) to[o] += int32s;
    }
  }
  ck_epilogue ending = *e;
  if (e->residual) ending.residual = residual;
  const finished_part done = {acc, 0, pixels, channel, left};
  finish_bytes(&done, &ending, output, blocks >> 1);
}

static void wg_inputs_2(const ck_winograd_tile *tile, const wg_layout *l, char *to) {
  wg_transform_inputs(tile, l, to, 4);
}
static void wg_inputs_4(const ck_winograd_tile *tile, const wg_layout *l, char *to) {
  wg_transform_inputs(tile, l, to, 6);
}
static void wg_weights_2(const int8_t *weights, size_t k4, size_t quads, size_t place, char *to) {
  wg_transform_weights(weights, k4, quads, place, to, 4);
}
static void wg_weights_4(const int8_t *weights, size_t k4, size_t quads, size_t place, char *to) {
  wg_transform_weights(weights, k4, quads, place, to, 6);
}
static void wg_finish_2(const ck_winograd_tile *tile, const ck_epilogue *e, const char *m,
                        size_t first, size_t count, size_t channel) {
  wg_finish(tile, e, m, first, count, channel, 4);
}
static void wg_finish_4(const ck_winograd_tile *tile, const ck_epilogue *e, const char *m,
                        size_t first, size_t count, size_t channel) {
  wg_finish(tile, e, m, first, count, channel, 6);
}

static void winograd_u8(const ck_winograd_tile *tile, const ck_epilogue *e) {
  const bool is_large = tile->side == 4;
  const size_t places = is_large ? 36 : 16, most_quads = is_large ? wg_quads / 2 : wg_quads;
  const wg_layout l = wg_layout_of(tile->side, tile->tiles, tile->k4);
  char *const inputs = tile->scratch, *const weights = inputs + l.weights;
  char *const products = inputs + l.products;
  const size_t stride = 9 * tile->k4 * 64, pairs = (tile->tiles + 1) / 2;
  const size_t parts = (2 * pairs + wg_part - 1) / wg_part;
  const size_t blocks = (tile->channels + 15) / 16;
  const size_t at_once = 4 * wg_part / (tile->side * tile->side);
  (is_large ? wg_inputs_4 : wg_inputs_2)(tile, &l, inputs);
  for (size_t block = 0; block < blocks; block += wg_blocks) {
    for (size_t k = 0, quads; k < tile->k4; k += quads) {
      quads = ck_smaller(tile->k4 - k, most_quads);
      const size_t place = quads * 2 * wg_row + wg_gap;
      for (size_t b = 0; b < wg_blocks && block + b < blocks; ++b) {
        const int8_t *const from = tile->weights + (block + b) * stride + k * 64;
        (is_large ? wg_weights_4 : wg_weights_2)(from, tile->k4, quads, place, weights + b * 64);
      }
      const size_t short_part = pairs / parts, longer_parts = pairs % parts;
      for (size_t part = 0, i = 0, count; part < parts; ++part, i += 2 * count) {
        count = short_part + (part < longer_parts);
        /* Products are kept for the next quads only where there are any. */
        char *const m = products + (tile->k4 > most_quads ? part * places * wg_part * wg_row : 0);
        for (size_t t = 0; t < places; ++t) {
          const char *const in = inputs + k / 16 * l.chunk + t * l.place + i * 128;
          char *const to = m + t * wg_part * wg_row;
          switch (count) {
#define CK_CASE(P) \
  case P: wg_multiply(in, l.chunk, weights + t * place, quads, to, k > 0, 2 * P); break;
            CK_WINOGRAD_TILES(CK_CASE)
#undef CK_CASE
          default: __builtin_unreachable();
          }
        }
        if (k + quads < tile->k4) continue;
        const size_t real = ck_smaller(2 * count, tile->tiles - i);
        for (size_t j = 0; j < real; j += at_once) {
          (is_large ? wg_finish_4 : wg_finish_2)(tile, e, m + j * wg_row, i + j,
                                                 ck_smaller(at_once, real - j), block * 16);
        }
      }
    }
  }
}
