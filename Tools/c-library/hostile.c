/* What a program may do wrong: hostile model.bin. Every function gets NULL and numbers out of range, and every truncation of the
 * model is opened; each must fail with a status and a text, and nothing may crash or leak. C99 and C++. */
#include "edgecnn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define HOLD(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "hostile: line %d: %s\n", __LINE__, #condition); \
      failures++; \
    } \
  } while (0)

static void refused(edgecnn_status status, edgecnn_status expected, const char *text, const char *part, int line) {
  if (status == expected && strstr(text, part)) return;
  fprintf(stderr, "hostile: line %d: status %d \"%s\", expected %d \"%s\"\n", line, (int)status, text, (int)expected, part);
  failures++;
}
#define OPEN_REFUSED(call, status, part) refused(call, status, error.text, part, __LINE__)
#define REFUSED(call, status, part) refused(call, status, edgecnn_error_text(network), part, __LINE__)

static unsigned char *read_model(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  unsigned char *bytes = (unsigned char *)malloc(*size + 1);
  if (bytes && fread(bytes, 1, *size, file) != *size) *size = 0;
  fclose(file);
  return bytes;
}

static void opening(const char *path, unsigned char *bytes, size_t size) {
  edgecnn_options options = EDGECNN_OPTIONS;
  edgecnn_network *network;
  edgecnn_error error;
  OPEN_REFUSED(edgecnn_open(NULL, NULL, &network, &error), EDGECNN_ARGUMENT, "path: NULL");
  OPEN_REFUSED(edgecnn_open(path, NULL, NULL, &error), EDGECNN_ARGUMENT, "network: NULL");
  OPEN_REFUSED(edgecnn_open("/nowhere.bin", NULL, &network, &error), EDGECNN_FILE, "/nowhere.bin: cannot be read, No such file");
  OPEN_REFUSED(edgecnn_open("/", NULL, &network, &error), EDGECNN_FILE, "/: cannot be read, Is a directory");
  OPEN_REFUSED(edgecnn_open_memory(NULL, 5, NULL, &network, &error), EDGECNN_ARGUMENT, "bytes: NULL");
  OPEN_REFUSED(edgecnn_open_memory(bytes, (size_t)-1, NULL, &network, &error), EDGECNN_ARGUMENT, "size: more than");
  HOLD(edgecnn_open("/nowhere.bin", NULL, &network, NULL) == EDGECNN_FILE && network == NULL);
  options.threads = 65;
  OPEN_REFUSED(edgecnn_open(path, &options, &network, &error), EDGECNN_ARGUMENT, "threads: 65, expected 1 to 64");
  options.threads = 1;
  options.kernels = "abacus";
  OPEN_REFUSED(edgecnn_open(path, &options, &network, &error), EDGECNN_KERNELS, "kernel set \"abacus\": not in this build");
  options.kernels = NULL;
  options.size = 0;
  OPEN_REFUSED(edgecnn_open(path, &options, &network, &error), EDGECNN_ARGUMENT, "options: of another size");

  options.size = sizeof options;
  for (size_t length = 0; length < size; length += length < 4096 ? 7 : size / 40 + 1) {
    OPEN_REFUSED(edgecnn_open_memory(bytes, length, &options, &network, &error), EDGECNN_MODEL, "memory: header: ");
    HOLD(network == NULL);
  }
  bytes[12] ^= 8;
  OPEN_REFUSED(edgecnn_open_memory(bytes, size, NULL, &network, &error), EDGECNN_MODEL, "the file is newer than this build");
  bytes[12] ^= 8;
}

static void using_it(edgecnn_network *network) {
  edgecnn_model model;
  edgecnn_tensor input, output;
  edgecnn_operator description;
  const char *key, *value;
  unsigned char pixels[300] = {0};
  edgecnn_score score;
  edgecnn_score *scores;
  size_t number, found;
  float *values;
  int64_t time;

  HOLD(edgecnn_describe(NULL, &model) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_input(NULL, &input) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_output(NULL, &output) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_metadata(NULL, 0, &key, &value) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_set_input(NULL, pixels, 300) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_set_image(NULL, pixels, 10, 10, 30, EDGECNN_RGB) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_input_pixels(NULL, &number) == NULL);
  HOLD(edgecnn_run(NULL) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_describe_operator(NULL, 0, &description) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_run_profiled(NULL, &time, 1) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_selftest(NULL) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_output_bytes(NULL, pixels, 300) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_output_floats(NULL, &score.value, 1) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_top(NULL, &score, 1, &found) == EDGECNN_ARGUMENT);
  HOLD(edgecnn_label(NULL, 0)[0] == 0);
  HOLD(edgecnn_error_text(NULL)[0] == 0);
  edgecnn_close(NULL);

  REFUSED(edgecnn_describe(network, NULL), EDGECNN_ARGUMENT, "model: NULL, expected a pointer");
  REFUSED(edgecnn_input(network, NULL), EDGECNN_ARGUMENT, "tensor: NULL, expected a pointer");
  REFUSED(edgecnn_output(network, NULL), EDGECNN_ARGUMENT, "tensor: NULL, expected a pointer");
  HOLD(edgecnn_describe(network, &model) == EDGECNN_OK);
  HOLD(edgecnn_input(network, &input) == EDGECNN_OK);
  HOLD(edgecnn_output(network, &output) == EDGECNN_OK);
  REFUSED(edgecnn_metadata(network, model.metadata_count, &key, &value), EDGECNN_ARGUMENT, "index: ");
  REFUSED(edgecnn_metadata(network, (size_t)-1, &key, &value), EDGECNN_ARGUMENT, "index: ");
  REFUSED(edgecnn_describe_operator(network, model.operator_count, &description), EDGECNN_ARGUMENT, "index: ");
  REFUSED(edgecnn_set_input(network, NULL, input.byte_count), EDGECNN_ARGUMENT, "dense: NULL");
  REFUSED(edgecnn_set_input(network, pixels, 0), EDGECNN_ARGUMENT, "byte_count: 0, expected ");
  REFUSED(edgecnn_set_image(network, NULL, 10, 10, 30, EDGECNN_RGB), EDGECNN_ARGUMENT, "pixels: NULL");
  REFUSED(edgecnn_set_image(network, pixels, 10, 10, 29, EDGECNN_RGB), EDGECNN_ARGUMENT, "row_stride: 29, expected at least 30");
  REFUSED(edgecnn_set_image(network, pixels, 10, 10, (size_t)-1, EDGECNN_RGB), EDGECNN_ARGUMENT, "row_stride: ");
  REFUSED(edgecnn_set_image(network, pixels, 0, 10, 30, EDGECNN_RGB), EDGECNN_IMAGE, "image of 0 x 10 pixels");
  REFUSED(edgecnn_set_image(network, pixels, (size_t)-1, (size_t)-1, 30, EDGECNN_RGB), EDGECNN_IMAGE, "image of ");
  REFUSED(edgecnn_set_image(network, pixels, 10, 10, 30, (edgecnn_pixel_format)7), EDGECNN_ARGUMENT, "format: unknown");
  HOLD(edgecnn_set_image(network, pixels, 10, 10, 30, EDGECNN_RGB) == EDGECNN_OK);
  HOLD(edgecnn_set_image(network, pixels, 1, 300, 1, EDGECNN_GREY) == EDGECNN_OK);
  HOLD(edgecnn_error_text(network)[0] == 0);
  HOLD(edgecnn_input_pixels(network, NULL) == NULL);
  REFUSED(edgecnn_run_profiled(network, &time, model.operator_count + 1), EDGECNN_ARGUMENT, "count: ");
  REFUSED(edgecnn_output_bytes(network, pixels, output.byte_count + 1), EDGECNN_ARGUMENT, "byte_count: ");
  REFUSED(edgecnn_output_floats(network, NULL, output.element_count), EDGECNN_ARGUMENT, "values: NULL");
  HOLD(edgecnn_selftest(network) == EDGECNN_OK);
  HOLD(edgecnn_run(network) == EDGECNN_OK);
  HOLD(edgecnn_label(network, (size_t)-1)[0] == 0);
  HOLD(edgecnn_kernel_set((size_t)-1, NULL) == NULL);

  HOLD(edgecnn_top(network, &score, 0, &found) == EDGECNN_OK && found == 0);
  REFUSED(edgecnn_top(network, NULL, 1, &found), EDGECNN_ARGUMENT, "scores: NULL");
  REFUSED(edgecnn_top(network, &score, 1, NULL), EDGECNN_ARGUMENT, "found: NULL");
  scores = (edgecnn_score *)malloc(output.element_count * sizeof *scores);
  values = (float *)malloc(output.element_count * sizeof *values);
  HOLD(edgecnn_top(network, scores, (size_t)-1, &found) == EDGECNN_OK && found == output.element_count);
  HOLD(edgecnn_output_floats(network, values, output.element_count) == EDGECNN_OK);
  for (number = 0; number < found; number++) {
    HOLD(scores[number].value == values[scores[number].index]);
    HOLD(number == 0 || scores[number - 1].value >= scores[number].value);
  }
  free(scores);
  free(values);
}

int main(int count, char **arguments) {
  size_t size = 0;
  unsigned char *bytes = count == 2 ? read_model(arguments[1], &size) : NULL;
  edgecnn_network *network;
  edgecnn_error error;
  if (!bytes) {
    fprintf(stderr, "usage: hostile model.bin\n");
    return 2;
  }
  HOLD(edgecnn_version() == EDGECNN_VERSION);
  opening(arguments[1], bytes, size);
  if (edgecnn_open_memory(bytes, size, NULL, &network, &error) == EDGECNN_OK) {
    free(bytes);
    using_it(network);
    edgecnn_close(network);
  } else {
    fprintf(stderr, "hostile: %s\n", error.text);
    failures++;
  }
  if (failures == 0) puts("every mistake is refused");
  return failures > 0;
}
