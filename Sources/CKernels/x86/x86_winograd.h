/* Winograd's convolutions in integers, for every x86 set: see ../winograd.h for the arithmetic. The
 * set's file defines CK_WINOGRAD_TILES(X), the pairs X(p) of tiles of its register tiles from 1 on,
 * of CK_WINOGRAD_VECTORS vectors of sums a tile, CK_WINOGRAD_SINGLE to have register tiles of one of
 * their blocks too, and CK_DPWSSD where it has that, with which there are tiles of 4 x 4 only. S is a
 * constant where functions are inlined. */

enum {
  wg_blocks = CK_WINOGRAD_VECTORS / per_block, /* blocks of 16 channels in a register tile */
  wg_row = wg_blocks * 64,                     /* bytes of its int32s, or pairs of int16 */
#define CK_TWO(P) +2
  wg_part = 0 CK_WINOGRAD_TILES(CK_TWO),     /* most tiles of it */
#undef CK_TWO
};

CK_INLINE vi wg_add(vi a, vi b) { return I(add_epi16)(a, b); }
CK_INLINE vi wg_subtract(vi a, vi b) { return I(sub_epi16)(a, b); }
CK_INLINE vi wg_shift(vi a, int bits) { return I(slli_epi16)(a, bits); }
CK_INLINE vi wg_times(vi a, short factor) { return I(mullo_epi16)(a, I(set1_epi16)(factor)); }

/* B^T d of a column or row. */
CK_INLINE void wg_input_line(vi *out, const vi *d, const int S) {
  if (S == 4) {
    out[0] = wg_subtract(d[0], d[2]);
    out[1] = wg_add(d[1], d[2]);
    out[2] = wg_subtract(d[2], d[1]);
    out[3] = wg_subtract(d[1], d[3]);
    return;
  }
  const vi even = wg_subtract(wg_shift(d[2], 2), d[4]), odd = wg_subtract(wg_shift(d[1], 2), d[3]);
  const vi even2 = wg_subtract(d[4], d[2]), odd2 = wg_shift(wg_subtract(d[3], d[1]), 1);
  out[0] = wg_add(wg_shift(wg_subtract(d[0], d[2]), 2), even2);
  out[1] = wg_add(even, odd);
  out[2] = wg_subtract(even, odd);
  out[3] = wg_add(even2, odd2);
  out[4] = wg_subtract(even2, odd2);
  out[5] = wg_add(odd, wg_subtract(d[5], wg_shift(d[3], 2)));
}

/* A shuffle that makes int16 of bytes 0 and 2 of every four, or 1 and 3, in their upper halves where `upper`. */
CK_INLINE vi wg_bytes(size_t odd, bool upper) {
  static const uint32_t order[2][2][4] = {
    {{0x80028000, 0x80068004, 0x800a8008, 0x800e800c}, {0x80038001, 0x80078005, 0x800b8009, 0x800f800d}},
    {{0x02800080, 0x06800480, 0x0a800880, 0x0e800c80}, {0x03800180, 0x07800580, 0x0b800980, 0x0f800d80}}};
  return broadcast_lane(order[upper][odd]);
}

/* F G g of a column or row. */
CK_INLINE void wg_weight_line(vi *out, const vi *g, const int S) {
  const vi sum = wg_add(g[0], g[2]);
  if (S == 4) {
    out[0] = wg_shift(g[0], 1);
    out[1] = wg_add(sum, g[1]);
    out[2] = wg_subtract(sum, g[1]);
    out[3] = wg_shift(g[2], 1);
    return;
  }
  const vi sum4 = wg_shift(sum, 2), middle = wg_shift(g[1], 2);
  const vi even = wg_add(g[0], wg_shift(g[2], 2)), odd = wg_shift(g[1], 1);
  out[0] = wg_times(g[0], 6);
  out[1] = wg_add(sum4, middle);
  out[2] = wg_subtract(sum4, middle);
  out[3] = wg_add(even, odd);
  out[4] = wg_subtract(even, odd);
  out[5] = wg_times(g[2], 3);
}

/* A^T of a column or row of products. */
CK_INLINE void wg_output_line(vi *out, const vi *m, const int S) {
  const vi sum = I(add_epi32)(m[1], m[2]), difference = I(sub_epi32)(m[1], m[2]);
  if (S == 4) {
    out[0] = I(add_epi32)(m[0], sum);
    out[1] = I(sub_epi32)(difference, m[3]);
    return;
  }
  const vi sum2 = I(add_epi32)(m[3], m[4]), difference2 = I(sub_epi32)(m[3], m[4]);
  out[0] = I(add_epi32)(I(add_epi32)(m[0], sum), sum2);
  out[1] = I(add_epi32)(difference, I(slli_epi32)(difference2, 1));
  out[2] = I(add_epi32)(sum, I(slli_epi32)(sum2, 2));
  out[3] = I(add_epi32)(difference, I(slli_epi32)(I(add_epi32)(difference2, m[5]), 3));
}

#if CK_LANES > 1
/* The windows of the tiles from `tile` on that make a vector of `part` bytes each, at `to`. */
static void wg_gather(const ck_winograd *call, size_t tile, size_t part, char *to, const uint8_t **in) {
  const uint8_t *windows[CK_LANES][36];
  for (size_t t = 0; t < bytes / part; ++t) {
    wg_window(call, call->first + ck_smaller(tile + t, call->tiles - 1), windows[t]);
  }
  const size_t S = call->side + 2;
  for (size_t o = 0; o < S * S; ++o, to += bytes) {
    const void *lanes[CK_LANES];
    CK_UNROLL for (size_t l = 0; l < CK_LANES; ++l) {
      lanes[l] = windows[l * 16 / part][o] + l * 16 % part;
    }
    store(to, lanes_at(lanes));
    in[o] = (const uint8_t *)to;
  }
}
#endif

/* [chunks][S * S places][even, odd][tiles][16] pairs of int16 of all tiles. */
CK_INLINE void wg_transform_inputs(const ck_winograd *call, const wg_layout *l, const int S) {
  const size_t together = bytes > l->tile ? bytes / l->tile : 1;
  char *to = call->scratch;
  for (size_t i = 0; i < call->tiles; i += together, to += together * l->tile) {
    const uint8_t *in[36];
#if CK_LANES > 1
    _Alignas(64) char gathered[36 * bytes];
    if (together > 1) wg_gather(call, i, l->tile, gathered, in);
    else
#endif
    wg_window(call, call->first + i, in);
    for (size_t at = 0; at < 4 * call->k4; at += bytes) {
      char *const row = to + at / 64 * l->chunk + at % 64;
      for (size_t odd = 0; odd < 2; ++odd) {
        const vi of = wg_bytes(odd, false);
        vi lines[6][6];
        CK_UNROLL for (int x = 0; x < S; ++x) {
          vi d[6], column[6];
          CK_UNROLL for (int y = 0; y < S; ++y) {
            d[y] = I(shuffle_epi8)(load(in[S * y + x] + at), of);
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
            store(row + (size_t)(S * y + x) * l->place + odd * l->half, out[x]);
          }
        }
      }
    }
  }
}

/* [places][quads][even, odd][blocks][16] pairs of int16 of the block at `weights`. */
CK_INLINE void wg_transform_weights(const int8_t *weights, size_t k4, size_t quads, size_t place,
                                    char *to, const int S) {
  for (size_t q = 0; q < quads; ++q, weights += 64, to += 2 * wg_row) {
    for (size_t at = 0; at < 64; at += bytes) {
      for (size_t odd = 0; odd < 2; ++odd) {
        const vi of = wg_bytes(odd, true);
        vi lines[6][3];
        CK_UNROLL for (int x = 0; x < 3; ++x) {
          vi g[3], column[6];
          CK_UNROLL for (int y = 0; y < 3; ++y) {
            const vi w = load(weights + (size_t)(3 * y + x) * k4 * 64 + at);
            g[y] = I(srai_epi16)(I(shuffle_epi8)(w, of), 8);
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

/* What the products of a place are made of. */
typedef struct {
  const char *in;
  size_t tile, half, chunk; /* see wg_layout */
  const char *weights;
  size_t quads;
} wg_factors;

/* m[P][wg_row] (+)= the products of P tiles and the transformed weights of one place, V vectors. */
CK_INLINE void wg_multiply(const wg_factors *f, char *m, bool add, const int P, const int V) {
  const char *in = f->in, *weights = f->weights;
  const size_t tile = f->tile;
  vi sum[CK_WINOGRAD_VECTORS * wg_part];
  CK_UNROLL for (int i = 0; i < P * V; ++i) {
    sum[i] = add ? load(m + i / V * wg_row + i % V * bytes) : SI(setzero)();
  }
  for (size_t left = f->quads, steps; left > 0; left -= steps, in += f->chunk - 2 * f->half) {
    steps = ck_smaller(left, 16);
    const char *row = weights;
    for (int odd = 0; odd < 2; ++odd, in += f->half, row = weights + wg_row) {
      const char *at = in;
      for (const char *const end = at + 4 * steps; at < end; at += 4, row += 2 * wg_row) {
        vi w[CK_WINOGRAD_VECTORS];
        CK_UNROLL for (int v = 0; v < V; ++v) w[v] = load(row + v * bytes);
        CK_UNROLL for (int p = 0; p < P; ++p) {
          const vi u = I(set1_epi32)(ck_read32(at + (size_t)p * tile));
          CK_UNROLL for (int v = 0; v < V; ++v) sum[p * V + v] = dot_words(sum[p * V + v], u, w[v]);
        }
      }
    }
    weights += steps * 2 * wg_row;
  }
  CK_UNROLL for (int i = 0; i < P * V; ++i) store(m + i / V * wg_row + i % V * bytes, sum[i]);
}

/* The sums of a tile's outputs, without their start, sum[i * step] of pixel i: of the vector at m,
 * one of each place every wg_part rows. */
CK_INLINE void wg_transform_outputs(const char *m, vi *sum, const int step, const int S) {
  const int side = S - 2;
  vi lines[4][6];
  CK_UNROLL for (int x = 0; x < S; ++x) {
    vi column[6], out[4];
    CK_UNROLL for (int y = 0; y < S; ++y) {
      column[y] = load(m + (S * y + x) * wg_part * wg_row);
    }
    wg_output_line(out, column, S);
    CK_UNROLL for (int y = 0; y < side; ++y) lines[y][x] = out[y];
  }
  CK_UNROLL for (int y = 0; y < side; ++y) {
    vi out[4];
    wg_output_line(out, lines[y], S);
    CK_UNROLL for (int x = 0; x < side; ++x) {
      sum[(side * y + x) * step] =
        S == 4 ? I(srai_epi32)(out[x], 2)
               : I(srai_epi32)(I(mullo_epi32)(out[x], I(set1_epi32)(wg_ninth)), 6);
    }
  }
}

/* Where products end: `count` tiles from `first` on. */
typedef struct {
  const char *m;
  size_t first, count, channel;
  char *sums; /* of the groups before, where there are several */
  bool is_first, is_last; /* group */
} wg_end;

/* A tile's pixels in the image, of which `rows` and `columns` are there, and 16 channels. */
typedef struct {
  size_t pixel, rows, columns;
  size_t channel, left; /* of which `left` channels exist */
} wg_outputs;

/* Requantizes CK_LANES pixels from o on. */
CK_INLINE void wg_requantize(const ck_winograd *call, const ck_epilogue *e, const rounding *r,
                             const wg_outputs *to, const vi *sum, const size_t o, const int S) {
  const size_t side = S - 2;
  size_t pixel[CK_LANES];
  bool is_there[CK_LANES];
  CK_UNROLL for (int lane = 0; lane < CK_LANES; ++lane) {
    const size_t y = (o + (size_t)lane) / side, x = (o + (size_t)lane) % side;
    is_there[lane] = y < to->rows && x < to->columns;
    pixel[lane] = to->pixel + (is_there[lane] ? y * call->output_width + x : 0);
  }
  vf t[4];
  CK_UNROLL for (int v = 0; v < 4; ++v) {
    const size_t channel = to->channel + v % per_block * int32s;
    t[v] = scaled(sum[v], (vf)load(e->multiplier + channel));
    if (call->residual) {
      const uint8_t *from = call->residual + pixel[v / per_block] * call->residual_bytes + channel;
      t[v] = with_residual(t[v], widen(from), I(set1_epi32)(e->residual_zero_point),
                           I(set1_ps)(e->residual_multiplier), r->limit);
    }
  }
  const vi u = natural_order(round_and_pack(t, r));
  CK_UNROLL for (int lane = 0; lane < CK_LANES; ++lane) {
    if (!is_there[lane]) continue;
    store_lane(call->output + pixel[lane] * call->output_bytes + to->channel, u, lane, to->left);
  }
}

CK_INLINE void wg_finish(const ck_winograd *call, const ck_epilogue *e, const wg_end *end,
                         const int S) {
  const size_t side = S - 2, pixels = side * side;
  const rounding r = make_rounding(e->zero_point, e->low, e->high);
  for (size_t i = 0; i < end->count; ++i) {
    const wg_corner corner = wg_corner_of(call, end->first + i);
    wg_outputs to = {corner.y * call->output_width + corner.x,
                     ck_smaller(side, call->output_height - corner.y),
                     ck_smaller(side, call->output_width - corner.x), end->channel, 0};
    for (size_t b = 0; b < wg_blocks && to.channel < call->channels; ++b, to.channel += 16) {
      to.left = call->channels - to.channel;
      vi sum[16 * per_block];
      for (size_t v = 0; v < per_block; ++v) {
        const size_t at = b * 64 + v * bytes, n = to.channel + v * int32s;
        wg_transform_outputs(end->m + i * wg_row + at, sum + v, per_block, S);
        char *const sums = end->sums + i * pixels * wg_row + at;
        vi start = load(e->bias + n);
        if (S == 6) start = I(add_epi32)(start, I(slli_epi32)(load(e->weight_sum + n), 7));
        CK_UNROLL for (size_t o = 0; o < pixels; ++o) {
          vi *const of = sum + o * per_block + v;
          *of = I(add_epi32)(*of, end->is_first ? start : load(sums + o * wg_row));
        }
        if (end->is_last) continue;
        CK_UNROLL for (size_t o = 0; o < pixels; ++o) store(sums + o * wg_row, sum[o * per_block + v]);
      }
      if (!end->is_last) continue;
#pragma clang loop unroll_count(CK_LANES)
      for (size_t o = 0; o < pixels; o += CK_LANES) {
        wg_requantize(call, e, &r, &to, sum + o * per_block, o, S);
      }
    }
  }
}

/* The functions of every S: what is inlined above, once. */
#define CK_WINOGRAD(S) \
  static void wg_inputs_##S(const ck_winograd *call, const wg_layout *l) { \
    wg_transform_inputs(call, l, S); \
  } \
  static void wg_weights_##S(const int8_t *weights, size_t k4, size_t quads, size_t place, \
                             char *to) { \
    wg_transform_weights(weights, k4, quads, place, to, S); \
  } \
  static void wg_finish_##S(const ck_winograd *call, const ck_epilogue *e, const wg_end *end) { \
    wg_finish(call, e, end, S); \
  }
#ifndef CK_DPWSSD
CK_WINOGRAD(4)
#endif
CK_WINOGRAD(6)
#undef CK_WINOGRAD

typedef struct {
  void (*inputs)(const ck_winograd *, const wg_layout *);
  void (*weights)(const int8_t *, size_t k4, size_t quads, size_t place, char *);
  void (*finish)(const ck_winograd *, const ck_epilogue *, const wg_end *);
} wg_transforms;

static const wg_transforms wg_transforms_of[] = {
#ifdef CK_DPWSSD
  {NULL, NULL, NULL}, /* 2 x 2 tiles never win */
#else
  {wg_inputs_4, wg_weights_4, wg_finish_4},
#endif
  {wg_inputs_6, wg_weights_6, wg_finish_6},
};

/* The sums of all places of `pairs` pairs of tiles; f is of the first place. */
static void wg_multiply_places(wg_factors f, size_t places, size_t in_place, size_t weights_place,
                               char *m, size_t pairs, bool is_single, bool add) {
  for (size_t t = 0; t < places;
       ++t, f.in += in_place, f.weights += weights_place, m += wg_part * wg_row) {
    switch (pairs << 1 | is_single) {
#define CK_CASE(P) \
  case P << 1: wg_multiply(&f, m, add, 2 * P, CK_WINOGRAD_VECTORS); break;
      CK_WINOGRAD_TILES(CK_CASE)
#undef CK_CASE
#ifdef CK_WINOGRAD_SINGLE
#define CK_CASE(P) \
  case P << 1 | 1: wg_multiply(&f, m, add, 2 * P, per_block); break;
      CK_WINOGRAD_TILES(CK_CASE)
#undef CK_CASE
#endif
    default: __builtin_unreachable();
    }
  }
}

static void winograd_u8(const ck_winograd *call, const ck_epilogue *e) {
  const size_t S = call->side + 2, k4 = call->k4, places = S * S;
  const size_t group = wg_group_of(S), pixels = call->side * call->side;
  const wg_layout l = wg_layout_of(S, call->tiles, k4);
  const wg_transforms *const transform = wg_transforms_of + (S > 4);
  char *const scratch = call->scratch, *const weights = scratch + l.weights;
  const size_t stride = 9 * k4 * 64, pairs = (call->tiles + 1) / 2;
  const size_t parts = (2 * pairs + wg_part - 1) / wg_part;
  const size_t blocks = (call->channels + 15) / 16;
  const size_t most_quads = wg_quads_of(S);
  transform->inputs(call, &l);
  for (size_t block = 0; block < blocks; block += wg_blocks) {
    const size_t some = ck_smaller(blocks - block, wg_blocks);
#ifdef CK_WINOGRAD_SINGLE
    const bool is_single = wg_blocks > some;
#else
    const bool is_single = false;
#endif
    for (size_t k = 0, quads; k < k4; k += quads) {
      quads = ck_smaller(k4 - k, most_quads);
      const size_t place = quads * 2 * wg_row + wg_gap;
      const int8_t *const from = call->weights + block * stride + k * 64;
      for (size_t b = 0; b < some; ++b) {
        transform->weights(from + b * stride, k4, quads, place, weights + b * 64);
      }
      const size_t short_part = pairs / parts, longer_parts = pairs % parts;
      for (size_t part = 0, i = 0, count; part < parts; ++part, i += 2 * count) {
        count = short_part + (part < longer_parts);
        /* Products are kept for the next quads only where there are any. */
        char *const m =
          scratch + l.products + (k4 > most_quads ? part * places * wg_part * wg_row : 0);
        const char *const in = scratch + k / 16 * l.chunk + i * l.tile;
        const wg_factors f = {in, l.tile, l.half, l.chunk, weights, quads};
        wg_multiply_places(f, places, l.place, place, m, count, is_single, k % group > 0);
        if (k + quads < k4 && (k + quads) % group > 0) continue;
        const size_t real = ck_smaller(2 * count, call->tiles - i);
        const wg_end end = {m, call->first + i, real, block * 16,
                            scratch + l.sums + i * pixels * wg_row, k < group, k + quads == k4};
        transform->finish(call, e, &end);
      }
    }
  }
}
