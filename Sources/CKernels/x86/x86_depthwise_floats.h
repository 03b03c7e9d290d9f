/* Depthwise convolution of whole rows in floats, which are exact here: products of bytes and their
 * sums over a window stay below 2^24. A multiply-add takes one tap of int32s channels, where
 * integers take two instructions for two taps; and each input is widened once for all windows of
 * CK_ROWS output rows that it lies in. */

enum {
  most_taps = 25,
  most_pixels = CK_ROW_PIXELS + 4, /* begun before the first of a block is finished */
};

/* What a call prepares for a vector of channels. */
typedef struct {
  vf weights[most_taps];
  /* The bias is high + start: sums from `start` on are exact, and adding `high` to one rounds it as
   * converting the integer would. */
  vf start, high, multiplier;
  bool has_high;
} row_constants;

CK_INLINE void prepare_rows(row_constants *k, const int8_t *weights, const int32_t *bias,
                            const float *multiplier, const int taps) {
  CK_UNROLL for (int t = 0; t < taps; ++t) {
    const vi four = load(weights + t / 4 * 64);
    k->weights[t] = I(cvtepi32_ps)(I(srai_epi32)(I(slli_epi32)(four, 24 - t % 4 * 8), 24));
  }
  uint32_t excess = 0;
  for (int i = 0; i < int32s; ++i) excess |= ((uint32_t)bias[i] + (1u << 22)) >> 23;
  k->has_high = excess != 0;
  const vi whole = load(bias);
  const vi high = I(srai_epi32)(I(add_epi32)(I(srai_epi32)(whole, 22), I(set1_epi32)(1)), 1);
  k->start = I(cvtepi32_ps)(I(sub_epi32)(whole, I(slli_epi32)(high, 23)));
  k->high = I(mul_ps)(I(cvtepi32_ps)(high), I(set1_ps)(0x1p23f));
  k->multiplier = (vf)load(multiplier);
}

/* Adds column `j` after the first of a block of pixels to the sums of all pixels in whose windows
 * it lies: sum[pixel][output row]. K, S and j are constants where this is inlined. */
CK_INLINE void add_column(vf sum[][CK_ROWS], const row_constants *k, const uint8_t *const *column,
                          size_t channel, const int j, const int K, const int S) {
  CK_UNROLL for (int y = 0; y < K + (CK_ROWS - 1) * S; ++y) {
    const vf u = I(cvtepi32_ps)(widen(column[y] + channel));
    CK_UNROLL for (int r = 0; r < CK_ROWS; ++r) {
      const int ky = y - r * S;
      if (ky < 0 || ky >= K) continue;
      CK_UNROLL for (int p = 0; p < most_pixels; ++p) {
        const int kx = j - p * S;
        if (kx < 0 || kx >= K) continue;
        const vf before = kx == 0 && ky == 0 ? k->start : sum[p][r];
        sum[p][r] = I(fmadd_ps)(u, k->weights[ky * K + kx], before);
      }
    }
  }
}

/* Where a block's pixels go, and how much of them exists. */
typedef struct {
  uint8_t *to;
  size_t pixel_bytes, row_bytes, pixels, rows, left;
} row_target;

/* Requantizes and writes the finished pixels of a block. */
CK_INLINE void finish_rows(vf sum[][CK_ROWS], const row_constants *k, const rounding *r,
                           const row_target *at) {
  vf t[4] = {sum[0][0], sum[1][0], sum[0][1], sum[1][1]};
  if (k->has_high) {
    CK_UNROLL for (int i = 0; i < 4; ++i) t[i] = I(add_ps)(t[i], k->high);
  }
  CK_UNROLL for (int i = 0; i < 4; ++i) t[i] = I(mul_ps)(t[i], k->multiplier);
  vi u = natural_order(round_and_pack(t, r));
  if (at->pixels >= 2 && at->rows >= 2 && at->left >= int32s) {
    __asm__("" : "+x"(u)); /* these quarters go to memory without a register of their own */
    store_quarter(at->to, u, 0, int32s);
    store_quarter(at->to + at->pixel_bytes, u, 1, int32s);
    store_quarter(at->to + at->row_bytes, u, 2, int32s);
    store_quarter(at->to + at->row_bytes + at->pixel_bytes, u, 3, int32s);
    return;
  }
  const size_t n = ck_smaller(at->left, int32s);
  store_quarter(at->to, u, 0, n);
  if (at->pixels > 1) store_quarter(at->to + at->pixel_bytes, u, 1, n);
  if (at->rows < 2) return;
  store_quarter(at->to + at->row_bytes, u, 2, n);
  if (at->pixels > 1) store_quarter(at->to + at->row_bytes + at->pixel_bytes, u, 3, n);
}

/* A window of K x K with stride S, both constants where this is inlined. Columns before a block's
 * own have been added to its first pixels by the block before. */
CK_INLINE void window_by_floats(const ck_depthwise_rows *call, const ck_epilogue *e, const int K,
                                const int S) {
  const rounding r = make_rounding(e->zero_point, e->low, e->high);
  const size_t groups = (size_t)(K * K + 3) / 4, width = call->width;
  const size_t pairs = (call->rows + CK_ROWS - 1) / CK_ROWS;
  const size_t inputs = (pairs * CK_ROWS - 1) * (size_t)S + (size_t)K;
  const int before = K - S;
  for (size_t channel = 0; channel < call->channels; channel += int32s) {
    row_constants k;
    prepare_rows(&k, call->weights + channel / 16 * groups * 64 + channel % 16 * 4,
                 e->bias + channel, e->multiplier + channel, K * K);
    for (size_t row = 0; row < call->rows; row += CK_ROWS) {
      const uint8_t *const *column = call->input + row * (size_t)S;
      row_target at = {call->output + row * call->row_bytes + channel, call->pixel_bytes,
                       call->row_bytes, width, call->rows - row, call->channels - channel};
      vf sum[most_pixels][CK_ROWS];
      CK_UNROLL for (int j = 0; j < before; ++j, column += inputs) {
        add_column(sum, &k, column, channel, j, K, S);
      }
      for (size_t pixel = 0; pixel < width; pixel += CK_ROW_PIXELS) {
        CK_UNROLL for (int j = before; j < before + CK_ROW_PIXELS * S; ++j, column += inputs) {
          add_column(sum, &k, column, channel, j, K, S);
        }
        at.pixels = width - pixel;
        finish_rows(sum, &k, &r, &at);
        at.to += CK_ROW_PIXELS * at.pixel_bytes;
        CK_UNROLL for (int p = CK_ROW_PIXELS; p < most_pixels; ++p) {
          CK_UNROLL for (int i = 0; i < CK_ROWS; ++i) sum[p - CK_ROW_PIXELS][i] = sum[p][i];
        }
      }
    }
  }
}
