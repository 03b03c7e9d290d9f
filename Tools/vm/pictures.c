/* Known pictures as cameras give them: of each JPEG file a picture of WIDTH x HEIGHT, all of the
 * file stretched to it, in FOLDER: NAME.yuyv, NAME.nv12 and NAME.jpg.
 *
 *   pictures WIDTHxHEIGHT FOLDER FILE.jpg...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

static void fail(const char *what) {
  perror(what);
  exit(1);
}

typedef struct {
  int width, height;
  uint8_t *samples; /* Y, Cb, Cr of each pixel, as JPEG has them: full range, BT.601 */
} picture;

static picture read_picture(const char *path) {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  FILE *file = fopen(path, "rb");
  if (!file) fail(path);
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&jpeg);
  jpeg_stdio_src(&jpeg, file);
  jpeg_read_header(&jpeg, TRUE);
  jpeg.out_color_space = JCS_YCbCr;
  jpeg_start_decompress(&jpeg);
  picture p = {jpeg.output_width, jpeg.output_height, NULL};
  p.samples = malloc((size_t)p.width * p.height * 3);
  if (!p.samples) fail(path);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = p.samples + (size_t)jpeg.output_scanline * p.width * 3;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  fclose(file);
  return p;
}

/* Bilinear, centres of pixels on centres. */
static picture stretch(picture from, int width, int height) {
  picture to = {width, height, malloc((size_t)width * height * 3)};
  if (!to.samples) fail("memory");
  for (int y = 0; y < height; y++) {
    double v = (y + 0.5) * from.height / height - 0.5;
    v = v < 0 ? 0 : v > from.height - 1 ? from.height - 1 : v;
    int y0 = (int)v, y1 = y0 + 1 < from.height ? y0 + 1 : y0;
    for (int x = 0; x < width; x++) {
      double u = (x + 0.5) * from.width / width - 0.5;
      u = u < 0 ? 0 : u > from.width - 1 ? from.width - 1 : u;
      int x0 = (int)u, x1 = x0 + 1 < from.width ? x0 + 1 : x0;
      for (int c = 0; c < 3; c++) {
#define SAMPLE(x, y) from.samples[((size_t)(y) * from.width + (x)) * 3 + c]
        double above = SAMPLE(x0, y0) + (u - x0) * (SAMPLE(x1, y0) - SAMPLE(x0, y0));
        double below = SAMPLE(x0, y1) + (u - x0) * (SAMPLE(x1, y1) - SAMPLE(x0, y1));
        uint8_t *sample = to.samples + ((size_t)y * width + x) * 3 + c;
        *sample = (uint8_t)(above + (v - y0) * (below - above) + 0.5);
      }
    }
  }
  return to;
}

static void write_jpeg(picture p, FILE *file) {
  struct jpeg_compress_struct jpeg;
  struct jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  jpeg_stdio_dest(&jpeg, file);
  jpeg.image_width = p.width, jpeg.image_height = p.height;
  jpeg.input_components = 3, jpeg.in_color_space = JCS_YCbCr;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 90, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = p.samples + (size_t)jpeg.next_scanline * p.width * 3;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
}

/* Cameras give 16...235 and 16...240 where JPEG has 0...255. */
static int luma(picture p, int x, int y) {
  return (p.samples[((size_t)y * p.width + x) * 3] * 219 + 127) / 255 + 16;
}
static int chroma(picture p, int x, int y, int c) {
  return (p.samples[((size_t)y * p.width + x) * 3 + c] * 224 + 127) / 255 + 16;
}

static void write_yuyv(picture p, FILE *file) {
  for (int y = 0; y < p.height; y++) {
    for (int x = 0; x < p.width; x += 2) {
      putc(luma(p, x, y), file), putc(chroma(p, x, y, 1), file);
      putc(luma(p, x + 1, y), file), putc(chroma(p, x, y, 2), file);
    }
  }
}

static void write_nv12(picture p, FILE *file) {
  for (int y = 0; y < p.height; y++)
    for (int x = 0; x < p.width; x++) putc(luma(p, x, y), file);
  for (int y = 0; y < p.height; y += 2)
    for (int x = 0; x < p.width; x += 2)
      putc(chroma(p, x, y, 1), file), putc(chroma(p, x, y, 2), file);
}

int main(int count, char **words) {
  static const struct {
    const char *suffix;
    void (*write)(picture, FILE *);
  } formats[] = {{"yuyv", write_yuyv}, {"nv12", write_nv12}, {"jpg", write_jpeg}};
  int width = 0, height = 0;
  if (count < 4 || sscanf(words[1], "%dx%d", &width, &height) != 2 || width < 2 || height < 2) {
    fprintf(stderr, "usage: pictures WIDTHxHEIGHT FOLDER FILE.jpg...\n");
    return 2;
  }
  for (int i = 3; i < count; i++) {
    const char *slash = strrchr(words[i], '/'), *name = slash ? slash + 1 : words[i];
    picture small = read_picture(words[i]), p = stretch(small, width, height);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
      char path[4096];
      int length = (int)strcspn(name, ".");
      snprintf(path, sizeof path, "%s/%.*s.%s", words[2], length, name, formats[f].suffix);
      FILE *file = fopen(path, "wb");
      if (!file) fail(path);
      formats[f].write(p, file);
      if (fclose(file)) fail(path);
    }
    free(small.samples), free(p.samples);
  }
  return 0;
}
