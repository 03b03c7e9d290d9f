/* Writes the JPEG kinds that Pillow cannot write, from a PPM: make_jpegs picture.ppm FOLDER
 * cc make_jpegs.c -ljpeg -o make_jpegs */
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

static int width, height;
static unsigned char *pixels;

enum { ARITHMETIC = 1, PROGRESSIVE = 2, QUARTER = 4, INKS = 8, PLAIN = 16, RESTART = 32 };

static void write_jpeg(const char *folder, const char *name, int kind) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.jpg", folder, name);
  FILE *file = fopen(path, "wb");
  if (!file) exit(1);
  struct jpeg_compress_struct c;
  struct jpeg_error_mgr error;
  c.err = jpeg_std_error(&error);
  jpeg_create_compress(&c);
  jpeg_stdio_dest(&c, file);
  c.image_width = (JDIMENSION)width;
  c.image_height = (JDIMENSION)height;
  c.input_components = kind & INKS ? 4 : 3;
  c.in_color_space = kind & INKS ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&c);
  jpeg_set_quality(&c, 85, TRUE);
  if (kind & INKS) jpeg_set_colorspace(&c, JCS_YCCK);
  if (kind & PLAIN) jpeg_set_colorspace(&c, JCS_RGB);
  if (kind & QUARTER) {
    c.comp_info[0].h_samp_factor = 4;
    c.comp_info[0].v_samp_factor = 1;
  }
  if (kind & PROGRESSIVE) jpeg_simple_progression(&c);
  if (kind & RESTART) c.restart_interval = 1;
  c.arith_code = kind & ARITHMETIC ? TRUE : FALSE;
  c.optimize_coding = FALSE;
  jpeg_start_compress(&c, TRUE);
  unsigned char *inks = malloc((size_t)width * 4);
  for (int y = 0; y < height; y++) {
    unsigned char *row = pixels + (size_t)y * width * 3;
    if (kind & INKS) {
      /* As Adobe stores them: 255 is no ink; black ink grows to the right. */
      for (int x = 0; x < width; x++) {
        for (int i = 0; i < 3; i++) inks[4 * x + i] = row[3 * x + i];
        inks[4 * x + 3] = (unsigned char)(255 - 4 * x);
      }
      row = inks;
    }
    jpeg_write_scanlines(&c, &row, 1);
  }
  free(inks);
  jpeg_finish_compress(&c);
  jpeg_destroy_compress(&c);
  fclose(file);
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  FILE *file = fopen(arguments[1], "rb");
  if (!file || fscanf(file, "P6 %d %d 255", &width, &height) != 2) return 1;
  fgetc(file);
  size_t size = (size_t)width * height * 3;
  pixels = malloc(size);
  if (fread(pixels, 1, size, file) != size) return 1;
  fclose(file);
  write_jpeg(arguments[2], "arithmetic", ARITHMETIC);
  write_jpeg(arguments[2], "arithmetic-progressive", ARITHMETIC | PROGRESSIVE);
  write_jpeg(arguments[2], "quarter", QUARTER);
  write_jpeg(arguments[2], "ycck", INKS);
  write_jpeg(arguments[2], "plain-rgb", PLAIN);
  write_jpeg(arguments[2], "restart", RESTART);
  return 0;
}
