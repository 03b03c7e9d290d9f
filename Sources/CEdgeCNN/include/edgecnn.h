/* EdgeCNN: runs int8 networks (model.bin) from C and C++.
 *
 *   edgecnn_network *network;
 *   edgecnn_error error;
 *   if (edgecnn_open("model.bin", NULL, &network, &error)) { puts(error.text); return 1; }
 *   edgecnn_set_image(network, pixels, width, height, 3 * width, EDGECNN_RGB);
 *   edgecnn_run(network);
 *   edgecnn_score best[5];
 *   size_t found;
 *   edgecnn_top(network, best, 5, &found);
 *   edgecnn_close(network);
 *
 * Link with -ledgecnn -lpthread -lm. C99 or later, or C++.
 *
 * Errors. Every function that can fail returns an edgecnn_status, 0 for success, and changes nothing else when it fails
 * but what it says. edgecnn_open and edgecnn_open_memory explain a failure in the caller's edgecnn_error; later failures
 * leave their text in the network, see edgecnn_error_text. Arguments that are NULL or out of range are EDGECNN_ARGUMENT;
 * pointers that are neither NULL nor valid cannot be noticed.
 *
 * Threads. The library has no global state. Any thread may use a network, but only one at a time; different networks are
 * independent of each other. A network that was opened with more than one thread has its own, which sleep between runs.
 *
 * Memory. Opening plans and allocates everything: the arena, the tables of the plan, the threads. After that no function
 * allocates, with two exceptions: edgecnn_set_image allocates when the size or the format of the image differs from the one
 * before (or from that of the options), and edgecnn_selftest when it finds a difference. Strings that the
 * library returns belong to the network, are UTF-8, are never NULL and are valid until edgecnn_close.
 *
 * The same model and input give the same output bytes on every machine, kernel set and number of threads. */
#ifndef EDGECNN_H
#define EDGECNN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header, and that of the library: 10000 × major + 100 × minor + patch. Structures and functions
 * change their meaning with the major version alone. */
#define EDGECNN_VERSION 100
uint32_t edgecnn_version(void);

typedef enum edgecnn_status {
  EDGECNN_OK = 0,
  EDGECNN_ARGUMENT = 1,  /* an argument is NULL, out of range or of another size */
  EDGECNN_FILE = 2,      /* the file cannot be opened or mapped */
  EDGECNN_MODEL = 3,     /* the bytes are not a model that this library runs */
  EDGECNN_KERNELS = 4,   /* the kernel set is unknown, or this CPU does not have it */
  EDGECNN_RESOURCES = 5, /* the system refused memory or threads */
  EDGECNN_IMAGE = 6,     /* the model takes no images, or none of this size */
  EDGECNN_DIFFERS = 7    /* the self-test found another result than the file has */
} edgecnn_status;

/* One line that explains a failure: lower case, UTF-8, cut off at 255 bytes, empty after success. */
typedef struct edgecnn_error {
  char text[256];
} edgecnn_error;

/* A model that is ready to run. */
typedef struct edgecnn_network edgecnn_network;

/* Opening and closing. */

/* How images lie in memory. Eight bits a channel; a pixel's bytes in the order of the name, X is ignored. */
typedef enum edgecnn_pixel_format {
  EDGECNN_RGB = 0,
  EDGECNN_BGR = 1,
  EDGECNN_RGBX = 2,
  EDGECNN_BGRX = 3,
  EDGECNN_GREY = 4
} edgecnn_pixel_format;

/* How to open a model; EDGECNN_OPTIONS has the defaults. */
typedef struct edgecnn_options {
  size_t size;         /* sizeof(edgecnn_options) */
  const char *kernels; /* name of the kernel set; NULL: that of the environment variable EDGECNN_KERNELS, else the best */
  int32_t threads;     /* that work on an operator, the caller's included: 1 … 64 */
  uint32_t flags;      /* EDGECNN_BORROW or 0 */
  size_t image_width;  /* what edgecnn_set_image will get, so that it never allocates; 0 if that is not known */
  size_t image_height;
  edgecnn_pixel_format image_format;
} edgecnn_options;

#define EDGECNN_OPTIONS {sizeof(edgecnn_options), NULL, 1, 0, 0, 0, EDGECNN_RGB}

/* edgecnn_open_memory uses the caller's bytes in place. They start at a multiple of 64 and stay as they are until
 * edgecnn_close. */
#define EDGECNN_BORROW 1u

/* Maps the file at `path`, checks it and prepares a network. The file must not be cut or changed while it is open.
 *
 * options: NULL for the defaults. error: filled on failure, emptied on success; NULL for no text.
 * *network is the network, NULL on failure. */
edgecnn_status edgecnn_open(const char *path, const edgecnn_options *options,
                            edgecnn_network **network, edgecnn_error *error);

/* The same for a model in memory: `size` bytes, which are copied unless options have EDGECNN_BORROW. */
edgecnn_status edgecnn_open_memory(const void *bytes, size_t size, const edgecnn_options *options,
                                   edgecnn_network **network, edgecnn_error *error);

/* Ends the network's threads and frees everything; the network and all strings of it are gone. NULL is allowed. */
void edgecnn_close(edgecnn_network *network);

/* Why the last function of this network that returns a status failed; empty if it did not. Until the next such call. */
const char *edgecnn_error_text(const edgecnn_network *network);

/* The kernel sets that this library has, best first: a name for `index` from 0 on, NULL behind the last. `runs_here`, where
 * it is not NULL, becomes 1 if this CPU has the set, else 0. */
const char *edgecnn_kernel_set(size_t index, int *runs_here);

/* What a network is. */

typedef struct edgecnn_model {
  const char *name;               /* of the file that it was converted from; empty if unknown */
  const char *kernels;            /* the kernel set in use */
  size_t file_bytes;              /* bytes of model.bin */
  size_t arena_bytes;             /* memory of all tensors */
  size_t operator_count;
  size_t metadata_count;
  size_t label_count;             /* the output's elements, or 0 */
  size_t golden_count;            /* inputs with known outputs, for edgecnn_selftest */
  int32_t threads;
  int32_t output_is_probability;  /* 1 if the output's elements sum to one */
} edgecnn_model;

edgecnn_status edgecnn_describe(edgecnn_network *network, edgecnn_model *model);

typedef enum edgecnn_element {
  EDGECNN_U8 = 0,   /* a byte u: scale × (u − zero_point) */
  EDGECNN_FLOAT = 1 /* a float, native byte order */
} edgecnn_element;

/* An input or output of height × width pixels of `channels` elements. Dense: row by row, channels innermost, no gaps. */
typedef struct edgecnn_tensor {
  const char *name;
  size_t height;
  size_t width;
  size_t channels;       /* an input of 3 is red, green, blue; of 1, luma */
  size_t element_count;  /* height × width × channels */
  size_t byte_count;     /* of the dense form: element_count × 1 or 4 */
  edgecnn_element element;
  float scale;           /* 1 for floats */
  int32_t zero_point;    /* 0 for floats */
} edgecnn_tensor;

/* A network has one input and one output. */
edgecnn_status edgecnn_input(edgecnn_network *network, edgecnn_tensor *tensor);
edgecnn_status edgecnn_output(edgecnn_network *network, edgecnn_tensor *tensor);

/* The label of an output element; empty where there is none. */
const char *edgecnn_label(const edgecnn_network *network, size_t index);

/* A pair of the file's metadata, `index` below metadata_count, in ascending order of keys. */
edgecnn_status edgecnn_metadata(edgecnn_network *network, size_t index, const char **key, const char **value);

/* Input. A run may overwrite the input: set all of it before each. */

/* Copies a dense input of exactly byte_count bytes. */
edgecnn_status edgecnn_set_input(edgecnn_network *network, const void *dense, size_t byte_count);

/* For writing the input in place: element c of pixel (y, x) starts at byte (y × width + x) × *pixel_stride + c × (1 or 4).
 * Bytes between a pixel's channels and the next pixel are ignored. NULL if an argument is NULL. */
void *edgecnn_input_pixels(edgecnn_network *network, size_t *pixel_stride);

/* Crops, scales and converts an image into the input, as the model's training did: any size from 1 × 1 to 65536 × 65536,
 * any format for any model. `row_stride` is the distance of rows in bytes, at least width × bytes of a pixel; the last
 * row may end with its last pixel. The pixels are not needed after the call.
 *
 * EDGECNN_ARGUMENT: a NULL, a stride that is too small, an unknown format. EDGECNN_IMAGE: a size out of range, or a model
 * whose input is no image of 1 or 3 channels of bytes. */
edgecnn_status edgecnn_set_image(edgecnn_network *network, const void *pixels, size_t width, size_t height,
                                 size_t row_stride, edgecnn_pixel_format format);

/* Running. */

/* Runs the network on its input and keeps the output until the next run, input or self-test. */
edgecnn_status edgecnn_run(edgecnn_network *network);

typedef struct edgecnn_operator {
  const char *name;
  uint64_t multiply_accumulates;  /* of one run */
  char kind[32];                  /* "convolution", "max pooling", … */
} edgecnn_operator;

/* What an operator is, `index` below operator_count, in the order of execution. */
edgecnn_status edgecnn_describe_operator(edgecnn_network *network, size_t index, edgecnn_operator *description);

/* Runs the network and writes the nanoseconds that each operator took; `count` is operator_count. */
edgecnn_status edgecnn_run_profiled(edgecnn_network *network, int64_t *nanoseconds, size_t count);

/* Runs the inputs with known outputs that the file has, with this network's kernels and threads, and compares the output
 * of every operator: EDGECNN_DIFFERS names the first that differs. Succeeds where golden_count is 0. The network's own
 * input and output are lost. */
edgecnn_status edgecnn_selftest(edgecnn_network *network);

/* Output of the last run. */

/* Copies the dense output, exactly byte_count bytes. */
edgecnn_status edgecnn_output_bytes(edgecnn_network *network, void *dense, size_t byte_count);

/* Writes the output as real numbers, exactly element_count: bytes are dequantized. */
edgecnn_status edgecnn_output_floats(edgecnn_network *network, float *values, size_t element_count);

typedef struct edgecnn_score {
  size_t index; /* of the output element, for edgecnn_label */
  float value;  /* real value */
} edgecnn_score;

/* Writes the `count` largest elements, or all where there are fewer, largest first, the lower index first among equals, NaN
 * last. *found is their number. */
edgecnn_status edgecnn_top(edgecnn_network *network, edgecnn_score *scores, size_t count, size_t *found);

#ifdef __cplusplus
}
#endif
#endif
