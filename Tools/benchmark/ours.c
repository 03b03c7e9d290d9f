/* EdgeCNN behind the protocol of the benchmark's workers: a line with a number of runs in, a line
 * with the nanoseconds of each out.
 *
 *   ours MODEL THREADS [SET]
 *
 * The input is set before each run, outside of its time, because a run may reuse its memory. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "edgecnn.h"

enum { most_runs = 1000000 };

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Smooth noise, which has the spectrum of photographs: a time may depend on the input. */
static void make_picture(const edgecnn_tensor *input, unsigned char *bytes) {
  enum { octaves = 6, least_cells = 4 };
  static const int amplitudes[octaves] = {197, 139, 98, 70, 49, 35}; /* in 2^-8 */
  static unsigned char noise[octaves][128 * 128 * 4];
  srand(1);
  for (int o = 0; o < octaves; ++o) {
    for (size_t k = 0; k < sizeof noise[o]; ++k) noise[o][k] = (unsigned char)(rand() >> 8);
  }
  for (size_t k = 0; k < input->element_count; ++k) {
    const size_t channel = k % input->channels, pixel = k / input->channels;
    const size_t y = pixel / input->width, x = pixel % input->width;
    int sum = 128 << 8;
    for (int o = 0; o < octaves; ++o) {
      const size_t cells = (size_t)least_cells << o;
      const size_t cell = y * cells / input->height * cells + x * cells / input->width;
      sum += amplitudes[o] * (noise[o][cell * 4 + channel % 4] - 128);
    }
    bytes[k] = (unsigned char)(sum < 0 ? 0 : sum >> 8 > 255 ? 255 : sum >> 8);
  }
}

int main(int count, char **words) {
  if (count < 3 || count > 4) {
    fputs("ours: expected MODEL THREADS [SET]\n", stderr);
    return 2;
  }
  edgecnn_options options = EDGECNN_OPTIONS;
  options.threads = atoi(words[2]);
  options.kernels = count > 3 ? words[3] : NULL;
  edgecnn_network *network;
  edgecnn_error error;
  const long long opened = now();
  if (edgecnn_open(words[1], &options, &network, &error)) {
    printf("{\"error\":\"%s\"}\n", error.text);
    return 1;
  }
  const long long ready = now();
  edgecnn_model model;
  edgecnn_tensor input;
  edgecnn_describe(network, &model);
  edgecnn_input(network, &input);
  unsigned char *bytes = malloc(input.byte_count);
  long long *times = malloc(most_runs * sizeof *times);
  if (!bytes || !times) return 1;
  make_picture(&input, bytes);
  printf("{\"engine\":\"EdgeCNN\",\"kernels\":\"%s\",\"open_ms\":%.3f}\n", model.kernels,
         (double)(ready - opened) / 1e6);
  fflush(stdout);

  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    const long runs = atol(line);
    if (runs < 1 || runs > most_runs) return 2;
    for (long run = 0; run < runs; ++run) {
      edgecnn_set_input(network, bytes, input.byte_count);
      const long long start = now();
      edgecnn_run(network);
      times[run] = now() - start;
    }
    for (long run = 0; run < runs; ++run) printf("%s%lld", run ? "," : "[", times[run]);
    puts("]");
    fflush(stdout);
  }
  edgecnn_close(network);
  return 0;
}
