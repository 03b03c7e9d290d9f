/* Classifies pictures with the C library: classify model.bin PICTURE... [-t THREADS] [-k KERNELS]
 *
 * A picture is a PPM file (P6, 8 bits), or the model's raw input. Prints the five best classes and the time of a run.
 *
 *   cc -I DIR classify.c -L DIR -ledgecnn -lm -lpthread -o classify */
#define _POSIX_C_SOURCE 200809L
#include "edgecnn.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A whole file in memory from malloc, NULL where it cannot be read. */
static unsigned char *read_file(const char *path, size_t *size) {
  unsigned char *bytes = NULL;
  size_t room = 0;
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  *size = 0;
  for (;;) {
    if (*size == room) {
      unsigned char *more = realloc(bytes, room = 2 * room + 65536);
      if (!more) break;
      bytes = more;
    }
    size_t count = fread(bytes + *size, 1, room - *size, file);
    if (count == 0) {
      int failed = ferror(file);
      fclose(file);
      if (!failed) return bytes;
      free(bytes);
      return NULL;
    }
    *size += count;
  }
  fclose(file);
  free(bytes);
  return NULL;
}

/* The next number of a PPM header at `*at`, at most 65536; 0 where there is none. */
static size_t number(const unsigned char *bytes, size_t size, size_t *at) {
  size_t value = 0;
  for (;;) {
    while (*at < size && isspace(bytes[*at])) ++*at;
    if (*at == size || bytes[*at] != '#') break;
    while (*at < size && bytes[*at] != '\n') ++*at;
  }
  while (*at < size && isdigit(bytes[*at]) && value <= 65536) value = 10 * value + bytes[(*at)++] - '0';
  return value <= 65536 ? value : 0;
}

/* Makes a file's bytes the network's input; 0 where that went well. */
static int set_picture(edgecnn_network *network, const unsigned char *bytes, size_t size, const char **why) {
  edgecnn_tensor input;
  edgecnn_input(network, &input);
  if (size == input.byte_count) return edgecnn_set_input(network, bytes, size);
  *why = "neither a PPM file (P6, 8 bits) nor the model's raw input";
  if (size < 2 || memcmp(bytes, "P6", 2) != 0) return 1;
  size_t at = 2;
  size_t width = number(bytes, size, &at), height = number(bytes, size, &at), most = number(bytes, size, &at);
  if (width == 0 || height == 0 || most != 255 || at == size) return 1;
  at++;
  *why = "the file ends early";
  if ((size - at) / 3 / width < height) return 1;
  *why = edgecnn_error_text(network);
  return edgecnn_set_image(network, bytes + at, width, height, 3 * width, EDGECNN_RGB);
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static int classify(edgecnn_network *network, const char *path, int is_probability) {
  size_t size = 0;
  const char *why = "cannot be read";
  unsigned char *bytes = read_file(path, &size);
  int failed = !bytes || set_picture(network, bytes, size, &why);
  free(bytes);
  if (failed) {
    fprintf(stderr, "classify: %s: %s\n", path, why);
    return 1;
  }
  double start = milliseconds();
  edgecnn_run(network);
  printf("%s  (%.2f ms)\n", path, milliseconds() - start);

  edgecnn_score best[5];
  size_t found = 0;
  edgecnn_top(network, best, 5, &found);
  for (size_t place = 0; place < found; place++) {
    double value = best[place].value;
    if (is_probability) printf("  %5.1f %%", 100 * value);
    else printf("  %8.4f", value);
    printf("  %4zu  %s\n", best[place].index, edgecnn_label(network, best[place].index));
  }
  return 0;
}

int main(int count, char **arguments) {
  edgecnn_options options = EDGECNN_OPTIONS;
  const char *model_path = NULL;
  edgecnn_network *network = NULL;
  edgecnn_error error;
  int status = 0;
  for (int index = 1; index + 1 < count; index++) {
    if (strcmp(arguments[index], "-t") == 0) options.threads = atoi(arguments[++index]);
    else if (strcmp(arguments[index], "-k") == 0) options.kernels = arguments[++index];
  }
  for (int index = 1; index < count; index++) {
    if (arguments[index][0] == '-') {
      index++;
    } else if (!model_path) {
      model_path = arguments[index];
      if (edgecnn_open(model_path, &options, &network, &error) != EDGECNN_OK) {
        fprintf(stderr, "classify: %s\n", error.text);
        return 1;
      }
    } else {
      edgecnn_model model;
      edgecnn_describe(network, &model);
      status |= classify(network, arguments[index], model.output_is_probability);
    }
  }
  if (!network) {
    fprintf(stderr, "usage: classify model.bin PICTURE... [-t THREADS] [-k KERNELS]\n");
    return 2;
  }
  edgecnn_close(network);
  return status;
}
