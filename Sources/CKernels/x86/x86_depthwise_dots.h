/* Depthwise convolution of whole rows by dot products of columns: up to four taps of a window that lie above each other
 * are interleaved once for all output pixels of the row in whose windows they lie. The fifth taps of a 5 x 5 window slide
 * through vectors of the last four. Vectors hold as many channels as fit or, where fewer are left, 16 of several rows. */

enum {
  most_size = 5, /* of a window */
  most_begun = 5, /* output pixels whose windows share a column */
};

/* What a call prepares for `bytes` channels, in the lane order of `interleave`. */
typedef struct {
  prepared_weights weights[most_size][4]; /* of a column: rows 0 to 3 */
  prepared_weights fifth[2][4];           /* of row 4: columns 0 to 3, and 4 */
  vi bias[4];
  vf multiplier[4];
  rounding rounding;
} column_constants;

/* Byte `from` of each int32 becomes byte `to` of an otherwise empty one. */
CK_INLINE vi moved_byte(vi v, const int from, const int to) {
  const vi there = from > to ? I(srli_epi32)(v, (from - to) * 8) : I(slli_epi32)(v, (to - from) * 8);
  return SI(and)(there, I(set1_epi32)((int32_t)(0xffu << 8 * to)));
}

CK_INLINE void prepare_columns(column_constants *k, const ck_depthwise_rows *call,
                               const ck_epilogue *e, size_t channel, size_t blocks, const int K) {
  const size_t block_bytes = (size_t)(K * K + 3) / 4 * 64;
  const int8_t *weights = call->weights + channel / 16 * block_bytes;
  for (int j = 0; j < 4; ++j) {
    vi taps[(most_size * most_size + 3) / 4];
    CK_UNROLL for (int g = 0; g < (K * K + 3) / 4; ++g) {
      taps[g] = lanes_from(weights + g * 64 + 16 * j, block_bytes, blocks);
    }
    CK_UNROLL for (int x = 0; x < K; ++x) {
      vi column = SI(setzero)();
      CK_UNROLL for (int y = 0; y < K && y < 4; ++y) {
        const int t = y * K + x;
        column = SI(or)(column, moved_byte(taps[t / 4], t % 4, y));
      }
      k->weights[x][j] = prepare_weights(column);
    }
    if (K == 5) {
      k->fifth[0][j] = prepare_weights(taps[5]);
      k->fifth[1][j] = prepare_weights(moved_byte(taps[6], 0, 3));
    }
    k->bias[j] = lanes_from(e->bias + channel + 4 * j, 64, blocks);
    k->multiplier[j] = (vf)lanes_from(e->multiplier + channel + 4 * j, 64, blocks);
  }
  k->rounding = make_rounding(e->zero_point, e->low, e->high);
}

/* What a vector of inputs is, from the pointers of a column of windows on. */
typedef struct {
  const uint8_t *const *column;
  size_t channel;
  size_t rows[most_size + 2 * (CK_LANES - 1)]; /* below the first, where lanes are of several windows' */
} column_inputs;

/* Row `y`, from the first window's on. */
CK_INLINE const void *row_at(const column_inputs *in, const int y) {
  return in->column[in->rows[y]] + in->channel;
}

/* The vectors of rows from `first` to `end` of a window; lanes that are of several are of windows S rows apart. */
CK_INLINE void column_rows(vi *out, const column_inputs *in, const int first, const int end,
                           const int S, const bool of_rows) {
  CK_UNROLL for (int y = first; y < end; ++y) {
    if (!of_rows) {
      out[y] = load(in->column[y] + in->channel);
      continue;
    }
#if CK_LANES == 4
    if (y >= first + S) {
      out[y] = next_lanes(out[y - S], row_at(in, 3 * S + y));
      continue;
    }
#endif
    const void *at[CK_LANES];
    CK_UNROLL for (int l = 0; l < CK_LANES; ++l) at[l] = row_at(in, l * S + y);
    out[y] = lanes_at(at);
  }
}

/* Half `half` of what `interleave` gives for the first 3 or 4 rows of a column. */
CK_INLINE void interleave_half(vi out[2], const vi *row, const int rows, const int half) {
  const vi d = row[rows - 1];
  const vi ab = half ? I(unpackhi_epi8)(row[0], row[1]) : I(unpacklo_epi8)(row[0], row[1]);
  const vi cd = half ? I(unpackhi_epi8)(row[2], d) : I(unpacklo_epi8)(row[2], d);
  out[0] = I(unpacklo_epi16)(ab, cd);
  out[1] = I(unpackhi_epi16)(ab, cd);
}

/* Four taps beside each other, in vector i of what `interleave` gives, one to the right: `row` is the new ones. */
CK_INLINE vi moved_right(vi taps, vi row, const int i) {
  const uint32_t each = 0x01000000, first = 0x00808080 + each * 4 * (uint32_t)i;
  const uint32_t pattern[4] = {first, first + each, first + 2 * each, first + 3 * each};
  return SI(or)(I(srli_epi32)(taps, 8), I(shuffle_epi8)(row, broadcast_lane(pattern)));
}

/* Adds column `j` after the first of a pixel's window to the sums of that pixel and of those after
 * it in whose windows it lies. `fifth` are the last four taps of row 4. K, S and j are constants where this is inlined. */
CK_INLINE void add_dots(vi sum[][4], vi fifth[4], const column_constants *k,
                        const prepared_weights weights[][4], column_inputs *in, const int j,
                        const int K, const int S, const bool of_rows) {
  CK_UNROLL for (int half = 0; half < 2; ++half) {
    vi u[2];
    /* One half after the other: of sixteen registers, sums take twelve. */
    if (CK_LANES < 4) __asm__ volatile("" : "+r"(in->column));
    vi rows[most_size];
    const int most = K < 4 ? K : 4;
    column_rows(rows, in, 0, CK_LANES < 4 ? most : K, S, of_rows);
    interleave_half(u, rows, most, half);
    CK_UNROLL for (int n = 0; n < 2; ++n) {
      const int i = 2 * half + n;
      const prepared_input input = prepare_input(u[n]);
      CK_UNROLL for (int p = 0; p < most_begun; ++p) {
        const int x = j - p * S;
        if (x < 0 || x >= K) continue;
        sum[p][i] = dot(x == 0 ? k->bias[i] : sum[p][i], input, weights[x][i]);
      }
    }
    if (K == 5) {
      if (CK_LANES < 4) column_rows(rows, in, 4, K, S, of_rows);
      CK_UNROLL for (int i = 2 * half; i < 2 * half + 2; ++i) {
        fifth[i] = moved_right(fifth[i], rows[4], i);
        const prepared_input input = prepare_input(fifth[i]);
        CK_UNROLL for (int p = 0; p < most_begun; ++p) {
          const int x = j - p * S;
          if (x == 3 || x == 4) sum[p][i] = dot(sum[p][i], input, k->fifth[x - 3][i]);
        }
      }
    }
    if (CK_LANES < 4) {
      CK_UNROLL for (int p = 0; p < most_begun; ++p) {
        if (j - p * S < 0 || j - p * S >= K) continue;
        __asm__ volatile("" : "+x"(sum[p][2 * half]), "+x"(sum[p][2 * half + 1]));
      }
    }
  }
}

/* A vector of channels from `channel` on, of `bytes` channels of a row at a time or of 16 of CK_LANES rows; `left` of them
 * exist. Columns that a pixel's window shares with that of the pixel before have been added with it. */
CK_INLINE void channels_by_dots(const ck_depthwise_rows *call, const ck_epilogue *e, size_t channel,
                                size_t left, const int K, const int S, const bool of_rows) {
  const bool hold = K == 3 && CK_LANES == 4; /* registers enough for the weights */
  const size_t all_rows = (call->rows + CK_ROWS - 1) / CK_ROWS * CK_ROWS;
  const size_t inputs = (all_rows - 1) * (size_t)S + (size_t)K, pixel_bytes = call->pixel_bytes;
  const int before = K - S;
  column_constants k;
  prepare_columns(&k, call, e, channel, of_rows ? 1 : (left + 15) / 16, K);
  prepared_weights held[3][4];
  CK_UNROLL for (int x = 0; x < 3; ++x) {
    CK_UNROLL for (int i = 0; i < 4; ++i) held[x][i] = k.weights[x][i];
  }
  for (size_t row = 0; row < call->rows; row += of_rows ? CK_LANES : 1) {
    column_inputs in = {.column = call->input + row * (size_t)S, .channel = channel};
    const size_t lanes = ck_smaller(call->rows - row, CK_LANES);
    /* Rows past the last repeat it. */
    CK_UNROLL for (size_t y = 0; y < (size_t)(K + S * (CK_LANES - 1)); ++y) {
      in.rows[y] = ck_smaller(y, inputs - row * (size_t)S - 1);
    }
    uint8_t *to = call->output + row * call->row_bytes + channel;
    vi sum[most_begun][4], fifth[4];
    CK_UNROLL for (int i = 0; i < 4; ++i) fifth[i] = SI(setzero)();
    CK_UNROLL for (int j = 0; j < before; ++j, in.column += inputs) {
      add_dots(sum, fifth, &k, k.weights, &in, j, K, S, of_rows);
    }
    for (size_t pixel = 0; pixel < call->width; ++pixel, to += pixel_bytes) {
      /* The other constants are operands in memory: they would only be moved to the stack. */
      const column_constants *from = &k;
      __asm__ volatile("" : "+r"(from));
      CK_UNROLL for (int j = before; j < K; ++j, in.column += inputs) {
        add_dots(sum, fifth, from, hold ? held : from->weights, &in, j, K, S, of_rows);
      }
      vf t[4];
      CK_UNROLL for (int i = 0; i < 4; ++i) t[i] = scaled(sum[0][i], from->multiplier[i]);
      const vi u = round_and_pack(t, &from->rounding);
      if (of_rows) {
        CK_UNROLL for (size_t l = 0; l < CK_LANES; ++l) {
          if (l < lanes) store_lane(to + l * call->row_bytes, u, (int)l, left);
        }
      } else if (left >= bytes) {
        store(to, u);
      } else {
        store_bytes(to, u, left);
      }
      CK_UNROLL for (int p = 1; p < most_begun; ++p) {
        CK_UNROLL for (int i = 0; i < 4; ++i) sum[p - 1][i] = sum[p][i];
      }
    }
  }
}

/* A window of K x K with stride S, both constants where this is inlined. */
CK_INLINE void window_by_dots(const ck_depthwise_rows *call, const ck_epilogue *e, const int K,
                              const int S) {
  const size_t channels = call->channels;
  size_t channel = 0;
  for (; channel + (bytes - 16) < channels; channel += bytes) {
    channels_by_dots(call, e, channel, channels - channel, K, S, false);
  }
  for (; CK_LANES > 1 && channel < channels; channel += 16) {
    channels_by_dots(call, e, channel, channels - channel, K, S, true);
  }
}
