/* Depthwise convolution of every x86 set: taps are interleaved in fours by unpacks, so that a
 * dot product takes four taps of a channel. */

enum {
  tap_groups = 7,                /* groups of four taps whose weights are prepared at once: 5 x 5 */
  depthwise_channels = bytes,    /* channels at a time */
};

/* Byte vectors of four taps to four vectors of int32 lanes that hold the taps of one channel
 * each: vector j, 128-bit lane l holds channels 16l + 4j … + 3. Two rounds of unpacks, which
 * stay in their lane. */
CK_INLINE void interleave(vi out[4], vi a, vi b, vi c, vi d) {
  const vi low_ab = I(unpacklo_epi8)(a, b), high_ab = I(unpackhi_epi8)(a, b);
  const vi low_cd = I(unpacklo_epi8)(c, d), high_cd = I(unpackhi_epi8)(c, d);
  out[0] = I(unpacklo_epi16)(low_ab, low_cd);
  out[1] = I(unpackhi_epi16)(low_ab, low_cd);
  out[2] = I(unpacklo_epi16)(high_ab, high_cd);
  out[3] = I(unpackhi_epi16)(high_ab, high_cd);
}

/* The last group's missing taps have zero weights; any byte serves, so none is read. */
CK_INLINE void interleave_taps(vi out[4], const uint8_t *const *row, size_t pixels, size_t channel,
                               size_t taps) {
  const vi first = load(row[0] + channel);
  if (taps >= 4) {
    interleave(out, first, load(row[pixels] + channel), load(row[2 * pixels] + channel),
               load(row[3 * pixels] + channel));
  } else if (taps == 1) {
    CK_UNROLL for (int j = 0; j < 4; ++j) {
      const int32_t each = 0x01010101;
      const vi pattern = broadcast_lane((const int32_t[4]){
        each * (4 * j), each * (4 * j + 1), each * (4 * j + 2), each * (4 * j + 3)});
      out[j] = I(shuffle_epi8)(first, pattern);
    }
  } else {
    const vi second = load(row[pixels] + channel);
    const vi third = taps == 3 ? load(row[2 * pixels] + channel) : first;
    interleave(out, first, second, third, third);
  }
}

/* What a call prepares for one group of channels, in the lane order of `interleave`. */
typedef struct {
  prepared_weights weights[tap_groups][4];
  vi bias[4];
  vf multiplier[4];
} depthwise_constants;

CK_INLINE void prepare_depthwise(depthwise_constants *k, const ck_depthwise_tile *tile,
                                 const ck_epilogue *e, size_t channel, size_t first_group,
                                 size_t groups, size_t all_groups) {
  const size_t blocks = (tile->channels - channel + 15) / 16;
  const int8_t *weights = tile->weights + (channel / 16 * all_groups + first_group) * 64;
  for (size_t g = 0; g < groups; ++g)
    CK_UNROLL for (int j = 0; j < 4; ++j) k->weights[g][j] = prepare_weights(
      lanes_from(weights + g * 64 + (size_t)(16 * j), all_groups * 64, blocks));
  CK_UNROLL for (int j = 0; j < 4; ++j) {
    k->bias[j] = lanes_from(e->bias + channel + 4 * j, 64, blocks);
    k->multiplier[j] = (vf)lanes_from(e->multiplier + channel + 4 * j, 64, blocks);
  }
}

/* acc += dot products of `taps` taps from pointer row `row` on; `groups` = ceil(taps / 4). */
CK_INLINE void accumulate_taps(vi acc[4], const depthwise_constants *k, const uint8_t *const *row,
                               size_t pixels, size_t channel, size_t taps, size_t groups) {
  for (size_t g = 0; g < groups; ++g, row += 4 * pixels) {
    vi u[4];
    interleave_taps(u, row, pixels, channel, taps - 4 * g);
    CK_UNROLL for (int j = 0; j < 4; ++j) {
      acc[j] = dot(acc[j], prepare_input(u[j]), k->weights[g][j]);
    }
  }
}

/* Requantizes and writes `left` channels of a pixel whose sums are in `interleave`'s order. */
CK_INLINE void finish_depthwise(const vi acc[4], const depthwise_constants *k,
                                const ck_epilogue *e, const rounding *r, size_t pixel,
                                size_t channel, uint8_t *to, size_t left) {
  vf t[4];
  CK_UNROLL for (int j = 0; j < 4; ++j) t[j] = scaled(acc[j], k->multiplier[j]);
  if (e->residual) {
    const vi zero = SI(setzero)(), u = load(e->residual[pixel] + channel);
    vi wide[4];
    interleave(wide, u, zero, zero, zero);
    CK_UNROLL for (int j = 0; j < 4; ++j) {
      t[j] = with_residual(t[j], wide[j], I(set1_epi32)(e->residual_zero_point),
                           I(set1_ps)(e->residual_multiplier), r->limit);
    }
  }
  store_bytes(to + channel, round_and_pack(t, r), left);
}

static void depthwise(const ck_depthwise_tile *tile, const ck_epilogue *e) {
  const size_t all_groups = (tile->taps + 3) / 4;
  const rounding r = make_rounding(e->zero_point, e->low, e->high);
  depthwise_constants k;
  vi partial[CK_MAX_TILE][4];
  for (size_t channel = 0; channel < tile->channels; channel += depthwise_channels) {
    const size_t left = tile->channels - channel;
    for (size_t first = 0; first == 0 || first < all_groups; first += tap_groups) {
      const size_t groups = ck_smaller(all_groups - first, tap_groups);
      const bool last = first + groups == all_groups;
      prepare_depthwise(&k, tile, e, channel, first, groups, all_groups);
      for (size_t p = 0; p < tile->pixels; ++p) {
        vi acc[4];
        CK_UNROLL for (int j = 0; j < 4; ++j) acc[j] = first == 0 ? k.bias[j] : partial[p][j];
        accumulate_taps(acc, &k, tile->input + 4 * first * tile->pixels + p, tile->pixels, channel,
                        tile->taps - 4 * first, groups);
        if (last) finish_depthwise(acc, &k, e, &r, p, channel, tile->output[p], left);
        CK_UNROLL for (int j = 0; j < 4; ++j) partial[p][j] = acc[j];
      }
    }
  }
}
