/* What the vectors of the pixel kernels leave over, one element at a time. */

static void blend_rest(const uint8_t *const *rows, const int16_t *weights, size_t taps,
                       int16_t *out, size_t from, size_t n) {
  for (size_t i = from; i < n; ++i) {
    int32_t sum = 128;
    for (size_t t = 0; t < taps; ++t) sum += rows[t][i] * weights[t];
    out[i] = (int16_t)(sum >> 8);
  }
}

static void split_rest(const int16_t *in, int16_t *even, int16_t *odd, size_t from, size_t n) {
  for (size_t i = from; i < n; ++i) {
    even[i] = in[2 * i];
    odd[i] = in[2 * i + 1];
  }
}

static void dot_rest(const int16_t *in, const int32_t *starts, const int16_t *weights,
                     size_t stride, int16_t *out, size_t n) {
  for (size_t i = 0; i < n; ++i, weights += stride) {
    int32_t sum = 8192;
    for (size_t t = 0; t < stride; ++t) sum += in[starts[i] + (int32_t)t] * weights[t];
    out[i] = (int16_t)(sum >> 14);
  }
}

CK_INLINE uint32_t color_level(int32_t sum) {
  const int32_t level = sum >> 19;
  return (uint32_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

static void color_rest(const int16_t *y, const int16_t *u, const int16_t *v, const ck_color *c,
                       uint32_t *out, size_t from, size_t n) {
  for (size_t i = from; i < n; ++i) {
    const int32_t light = (y[i] - 64 * c->black) * c->luma + (1 << 18);
    const int32_t blue = u[i] - 64 * 128, red = v[i] - 64 * 128;
    out[i] = color_level(light + red * c->red_of_red) |
             color_level(light - blue * c->green_of_blue - red * c->green_of_red) << 8 |
             color_level(light + blue * c->blue_of_blue) << 16;
  }
}
