/* The seam to V4L2: one capture node, its formats, controls and mapped buffers.
 *
 * Thin: which node, which format and what to do after an error is decided elsewhere. Functions that can fail return 0 or an errno
 * value; cv_cause_of says what kind it is. Only cv_open, cv_start and cv_convert allocate. A camera belongs to one thread, except
 * that cv_queue, cv_data and cv_convert may run in another one between cv_start and cv_stop.
 *
 * With CVIDEO_WITHOUT_V4L2 only the conversion by libv4lconvert is left out: everything else is plain ioctl. */
#ifndef CVIDEO_H
#define CVIDEO_H
#include <stddef.h>
#include <stdint.h>

/* What kind of trouble an errno value is. */
enum {
  CV_OTHER,
  CV_AGAIN,       /* nothing there yet */
  CV_ABSENT,      /* no such node, or its device is gone */
  CV_DENIED,      /* no permission */
  CV_BUSY,        /* another program has it */
  CV_BROKEN,      /* the device or its bus failed */
  CV_NO_SIGNAL,   /* nothing that it can lock to on the input */
  CV_UNSUPPORTED, /* the driver does not know this call or this value */
  CV_NOT_CAPTURE, /* a node that gives no pictures */
  CV_NO_ROOM,     /* the bus has no bandwidth left for it */
};
int cv_cause_of(int error);
/* The errno value of a stream that failed without saying why. */
int cv_broken_stream(void);

/* Nodes. */

/* The numbers of /dev/video*, ascending; returns how many of them fitted. */
int cv_list(int *numbers, int room);
/* What the kernel calls node `number`, without opening it; empty where unknown. */
void cv_node_name(int number, char *name, size_t room);

typedef struct cv_camera cv_camera;
/* Opens a node that captures pictures into mapped memory; fails with ENOTTY or EMEDIUMTYPE for others: metadata, output,
 * memory-to-memory. */
int cv_open(const char *path, cv_camera **camera);
/* Stops the stream, unmaps, closes. */
void cv_close(cv_camera *camera);

/* Words of the driver; they live as long as the camera. */
const char *cv_driver(const cv_camera *camera);
const char *cv_card(const cv_camera *camera);
const char *cv_bus(const cv_camera *camera);
/* Serial number of a USB device, or empty. */
const char *cv_serial(const cv_camera *camera);
/* USB vendor << 16 | product, or 0. */
uint32_t cv_usb(const cv_camera *camera);
/* Number of its node, or -1. */
int cv_node_number(const cv_camera *camera);
/* Which of its device's nodes this is. */
int cv_index(const cv_camera *camera);
/* Whether somebody must first connect sensor and node with media-ctl. */
int cv_needs_pipeline(const cv_camera *camera);

/* Formats; the index counts up until EINVAL. */

int cv_format_at(cv_camera *camera, uint32_t index, uint32_t *code);
/* From min to max in steps; a single size has min equal to max. */
typedef struct {
  uint32_t min_width, max_width, step_width, min_height, max_height, step_height;
} cv_sizes;
int cv_sizes_at(cv_camera *camera, uint32_t code, uint32_t index, cv_sizes *sizes);
/* Seconds between frames, as a fraction, of the fastest choice; `is_range` where slower ones are continuous. */
typedef struct {
  uint32_t numerator, denominator;
  int is_range;
} cv_interval;
int cv_interval_at(cv_camera *camera, uint32_t code, uint32_t width, uint32_t height,
                   uint32_t index, cv_interval *interval);

/* How a frame lies in memory. */
typedef struct {
  uint32_t code, width, height;
  uint32_t stride; /* bytes of a row of the first plane; 0 where it has no rows or the driver does not say */
  uint32_t size;   /* bytes of a frame; 0 where the driver does not say */
  int is_bt709, is_full_range; /* what luma and colour differences mean; BT.601, limited where not */
} cv_layout;
int cv_get_layout(cv_camera *camera, cv_layout *layout);
/* The driver may choose something near; `layout` says what. */
int cv_set_layout(cv_camera *camera, uint32_t code, uint32_t width, uint32_t height,
                  cv_layout *layout);
/* The driver may choose another one; `interval` says which. */
int cv_set_interval(cv_camera *camera, cv_interval *interval);
int cv_get_interval(cv_camera *camera, cv_interval *interval);
/* Locks a receiver (HDMI, SDI …) to the timings of its signal; 0 for cameras. */
int cv_lock_signal(cv_camera *camera);

/* Controls. */
enum {
  CV_EXPOSURE_MODE, /* 0 automatic, 1 manual, 2 shutter priority, 3 aperture priority */
  CV_EXPOSURE,      /* 100 µs */
  CV_GAIN_MODE,     /* 1 automatic */
  CV_GAIN,
  CV_ANALOGUE_GAIN,
  CV_WHITE_BALANCE_MODE, /* 1 automatic */
  CV_WHITE_BALANCE,      /* kelvin */
};
int cv_control_range(cv_camera *camera, int control, int32_t *minimum, int32_t *maximum);
int cv_control_set(cv_camera *camera, int control, int32_t value);

/* Streaming. */

enum { CV_MAX_BUFFERS = 16 };
/* Maps about `wanted` buffers, queues them and starts; `count` says how many there are. */
int cv_start(cv_camera *camera, int wanted, int *count);
/* Stops and unmaps. */
void cv_stop(cv_camera *camera);
typedef struct {
  uint32_t index, bytes, sequence;
  int is_flagged;                /* the driver says that the pixels are damaged */
  int64_t timestamp_nanoseconds; /* monotonic clock, or -1 where the driver's is another one */
} cv_buffer;
/* Takes the oldest filled buffer from the driver; EAGAIN where there is none. */
int cv_dequeue(cv_camera *camera, cv_buffer *buffer);
/* Gives a buffer back to the driver. */
int cv_queue(cv_camera *camera, uint32_t index);
/* Pixels of a buffer; valid until cv_stop. */
const uint8_t *cv_data(const cv_camera *camera, uint32_t index);
/* 1 where the driver has said that size or format of the signal changed. */
int cv_take_source_change(cv_camera *camera);

/* Conversion to RGB by libv4lconvert. */

/* Whether `code` can be converted. */
int cv_converts(cv_camera *camera, uint32_t code);
/* From the format that cv_set_layout gave to red, green, blue; `room` is width × height × 3. EIO where the data are damaged. */
int cv_convert(cv_camera *camera, const uint8_t *data, uint32_t bytes, uint8_t *rgb, size_t room);

/* Waiting. */

/* What a waiting thread looks at beside its camera: another thread's wake-up, and new nodes in /dev. */
typedef struct cv_watch cv_watch;
int cv_watch_create(cv_watch **watch);
void cv_watch_destroy(cv_watch *watch);
/* Ends a wait now or the next one. */
void cv_watch_wake(cv_watch *watch);
enum { CV_WOKEN = 1, CV_FRAME = 2, CV_CHANGE = 4, CV_TROUBLE = 8, CV_NODES = 16 };
/* Waits for a frame, a source change, trouble or cv_watch_wake; 0 after `milliseconds`. */
int cv_wait(cv_watch *watch, const cv_camera *camera, int milliseconds);
/* Waits for a change in /dev or cv_watch_wake; 0 after `milliseconds`. */
int cv_wait_for_nodes(cv_watch *watch, int milliseconds);

#endif
