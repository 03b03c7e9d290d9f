/* A USB camera of pictures from files: plugged into this kernel through vhci_hcd, the USB of a
 * socket, so that uvcvideo itself makes /dev/videoN of it.
 *
 *   usb_camera [-r RATE] [-p PORT] [-i SERIAL] -s WIDTHxHEIGHT FILE... [-s WIDTHxHEIGHT FILE...]...
 *
 * A FILE whose name ends in .yuyv is a picture of the uncompressed format, any other one of
 * Motion-JPEG. Several of the same size and format take turns, each for a second. The camera is
 * unplugged when the program ends. Lines of standard input are orders:
 *
 *   freeze       no more frames, though the camera is there
 *   resume       frames again
 *   cut N        of each of the next N frames the second half is missing
 *   garble N     in each of the next N frames bytes are wrong
 *   flag N       each of the next N frames is marked as damaged
 *   refuse N     the next N starts of the stream fail
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_MODES = 16, MAX_PICTURES = 64, MAX_PAYLOAD = 16384, MAX_WAITING = 64, PROBE_SIZE = 34 };

typedef struct {
  uint8_t *bytes;
  long size;
} picture;

typedef struct {
  bool uncompressed;
  int width, height, count;
  picture pictures[MAX_PICTURES];
} mode;

static mode modes[MAX_MODES];
static int mode_count;
static int rate = 15, port = 0;
static const char *serial = "000001";

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

/* Modes of a format, and the one that a descriptor's frame index, from 1, stands for. */
static int modes_of(bool uncompressed) {
  int count = 0;
  for (int i = 0; i < mode_count; i++) count += modes[i].uncompressed == uncompressed;
  return count;
}
static int mode_at(bool uncompressed, int index) {
  for (int i = 0; i < mode_count; i++)
    if (modes[i].uncompressed == uncompressed && --index == 0) return i;
  return -1;
}
/* Motion-JPEG is format 1 where there is any. */
static bool format_is_uncompressed(int index) { return modes_of(false) ? index == 2 : true; }

/* Descriptors: USB 2.0 chapter 9, USB Video Class 1.1. */

static uint8_t configuration[2048];
static int configuration_size;

static void put8(int value) { configuration[configuration_size++] = (uint8_t)value; }
static void put16(int value) { put8(value & 255), put8(value >> 8 & 255); }
static void put32(uint32_t value) { put16(value & 65535), put16(value >> 16); }
static void put_all(const uint8_t *bytes, int count) {
  for (int i = 0; i < count; i++) put8(bytes[i]);
}
static void set16(int at, int value) {
  configuration[at] = value & 255;
  configuration[at + 1] = value >> 8;
}

static void put_format(bool uncompressed, int index) {
  static const uint8_t yuy2[16] = {'Y',  'U', 'Y', '2',  0, 0,    0x10, 0,
                                   0x80, 0,   0,   0xaa, 0, 0x38, 0x9b, 0x71};
  if (uncompressed) {
    put_all((uint8_t[]){27, 0x24, 4, index, modes_of(true)}, 5);
    put_all(yuy2, sizeof yuy2);
    put_all((uint8_t[]){16, 1, 0, 0, 0, 0}, 6);
  } else {
    put_all((uint8_t[]){11, 0x24, 6, index, modes_of(false), 1, 1, 0, 0, 0, 0}, 11);
  }
  int frame = 1;
  for (int i = 0; i < mode_count; i++) {
    const mode *m = &modes[i];
    if (m->uncompressed != uncompressed) continue;
    uint32_t bytes = (uint32_t)m->width * m->height * 2;
    put_all((uint8_t[]){30, 0x24, uncompressed ? 5 : 7, frame++, 0}, 5);
    put16(m->width), put16(m->height);
    put32(bytes * 8), put32(bytes * 8 * rate), put32(bytes);
    put32(10000000 / rate), put8(1), put32(10000000 / rate); /* one interval, in 100 ns */
  }
  put_all((uint8_t[]){6, 0x24, 13, 1, 1, 4}, 6); /* colours: BT.709, BT.601 matrix */
}

static void describe(void) {
  bool compressed = modes_of(false) > 0, uncompressed = modes_of(true) > 0;
  int formats = compressed + uncompressed;
  put_all((uint8_t[]){9, 2, 0, 0, 2, 1, 0, 0x80, 250}, 9);
  put_all((uint8_t[]){8, 11, 0, 2, 14, 3, 0, 2}, 8);
  /* Control: a camera terminal (1) into an output terminal (2). */
  put_all((uint8_t[]){9, 4, 0, 0, 0, 14, 1, 0, 2}, 9);
  int control = configuration_size;
  put_all((uint8_t[]){13, 0x24, 1, 0x10, 1, 0, 0}, 7);
  put32(48000000), put8(1), put8(1);
  put_all((uint8_t[]){18, 0x24, 2, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0}, 18);
  put_all((uint8_t[]){9, 0x24, 3, 2, 1, 1, 0, 1, 0}, 9);
  set16(control + 5, configuration_size - control);
  /* Streaming, over bulk endpoint 1. */
  put_all((uint8_t[]){9, 4, 1, 0, 1, 14, 2, 0, 0}, 9);
  int streaming = configuration_size;
  put_all((uint8_t[]){13 + formats, 0x24, 1, formats, 0, 0, 0x81, 0, 2, 0, 0, 0, 1}, 13);
  for (int i = 0; i < formats; i++) put8(0);
  if (compressed) put_format(false, 1);
  if (uncompressed) put_format(true, formats);
  set16(streaming + 4, configuration_size - streaming);
  put_all((uint8_t[]){7, 5, 0x81, 2, 0, 2, 0}, 7);
  set16(2, configuration_size);
}

/* USB/IP: a header of 48 bytes, then the data of one direction. Numbers are big-endian. */

enum { SUBMIT = 1, UNLINK = 2, SUBMITTED = 3, UNLINKED = 4 };
typedef struct {
  uint32_t command, sequence, device, is_input, endpoint, words[7];
} header;

static int connection;

static bool receive(void *bytes, size_t count) {
  for (uint8_t *at = bytes; count > 0;) {
    ssize_t got = read(connection, at, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got, count -= (size_t)got;
  }
  return true;
}

static bool send_all(const void *bytes, size_t count) {
  for (const uint8_t *at = bytes; count > 0;) {
    ssize_t sent = write(connection, at, count);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    at += sent, count -= (size_t)sent;
  }
  return true;
}

/* The answer to a transfer: its status, what it moved, and for one that reads the data. */
static bool answer(uint32_t sequence, int status, const void *data, int count) {
  static uint8_t message[sizeof(header) + MAX_PAYLOAD];
  header h = {.command = htonl(SUBMITTED),
              .sequence = htonl(sequence),
              .words = {htonl(status), htonl(count)}};
  memcpy(message, &h, sizeof h);
  if (data) memcpy(message + sizeof h, data, count);
  return send_all(message, sizeof h + (data ? count : 0));
}

/* The stream. */

static bool is_streaming, is_frozen;
static int current, cut, garble, flag, refuse;
static uint8_t probe[PROBE_SIZE];
static struct {
  uint32_t sequence;
  int size;
} waiting[MAX_WAITING];
static int waiting_count;

static void set32(uint8_t *at, uint32_t value) {
  for (int i = 0; i < 4; i++) at[i] = value >> 8 * i & 255;
}

/* Makes a proposal of the driver one that the camera has. */
static void negotiate(uint8_t *proposal) {
  int format = proposal[2] ? proposal[2] : 1, frame = proposal[3] ? proposal[3] : 1;
  int found = mode_at(format_is_uncompressed(format), frame);
  if (found < 0) {
    format = frame = 1;
    found = mode_at(format_is_uncompressed(1), 1);
  }
  current = found;
  proposal[2] = format, proposal[3] = frame;
  set32(proposal + 4, 10000000 / rate);
  set32(proposal + 18, modes[found].width * modes[found].height * 2);
  set32(proposal + 22, MAX_PAYLOAD);
  set32(proposal + 26, 48000000);
  proposal[30] = 3, proposal[31] = proposal[32] = proposal[33] = 1;
}

static int string_descriptor(int index, uint8_t *out) {
  const char *strings[] = {"", "EdgeCNN", "Test camera", serial};
  if (index == 0) return memcpy(out, (uint8_t[]){4, 3, 9, 4}, 4), 4;
  if (index > 3) return -1;
  int length = (int)strlen(strings[index]);
  out[0] = 2 + 2 * length, out[1] = 3;
  for (int i = 0; i < length; i++) out[2 + 2 * i] = strings[index][i], out[3 + 2 * i] = 0;
  return 2 + 2 * length;
}

/* A request to endpoint 0; `data` is what one that writes brought. */
static bool control(uint32_t sequence, const uint8_t *setup, const uint8_t *data, int count) {
  static const uint8_t device[18] = {18, 1,    0,    2, 0xef, 2, 1, 64, 0x6b,
                                     0x1d, 2, 1, 0, 1,    1, 2, 3,  1};
  int type = setup[0], request = setup[1], value = setup[2] | setup[3] << 8;
  int index = setup[4] | setup[5] << 8, wanted = setup[6] | setup[7] << 8, size = -1;
  uint8_t out[sizeof configuration] = {0};
  bool is_class = (type & 0x60) == 0x20, is_read = type & 0x80;
  if (is_class && (index & 255) == 1 && (value >> 8 == 1 || value >> 8 == 2)) {
    bool is_commit = value >> 8 == 2; /* else a probe */
    switch (request) {
    case 0x01: /* set */
      if (is_commit && refuse > 0) return refuse--, answer(sequence, -EPIPE, NULL, 0);
      memcpy(probe, data, count < PROBE_SIZE ? count : PROBE_SIZE);
      negotiate(probe);
      if (is_commit) is_streaming = true;
      return answer(sequence, 0, NULL, count);
    case 0x81: memcpy(out, probe, size = PROBE_SIZE); break;
    case 0x85: out[0] = PROBE_SIZE, size = 2; break;
    case 0x86: out[0] = 3, size = 1; break;
    default: negotiate(out), size = PROBE_SIZE;
    }
  } else if (type == 0x80 && request == 6 && value >> 8 == 1) {
    memcpy(out, device, size = sizeof device);
  } else if (type == 0x80 && request == 6 && value >> 8 == 2) {
    memcpy(out, configuration, size = configuration_size);
  } else if (type == 0x80 && request == 6 && value >> 8 == 3) {
    size = string_descriptor(value & 255, out);
  } else if (!(type & 0x60) && is_read) { /* status, configuration, interface */
    size = request == 0 ? 2 : 1;
    out[0] = request == 8;
  } else if (!(type & 0x60)) {
    if (request == 1 && type == 2) is_streaming = false; /* halt cleared: so a bulk stream ends */
    return answer(sequence, 0, NULL, 0);
  }
  if (size < 0) return answer(sequence, -EPIPE, NULL, 0);
  return answer(sequence, 0, out, size < wanted ? size : wanted);
}

/* One message of the kernel; false when it has unplugged the camera. */
static bool serve(void) {
  header h;
  uint8_t data[4096];
  if (!receive(&h, sizeof h)) return false;
  uint32_t sequence = ntohl(h.sequence);
  if (ntohl(h.command) == UNLINK) {
    int status = 0;
    for (int i = 0; i < waiting_count; i++) {
      if (waiting[i].sequence != ntohl(h.words[0])) continue;
      memmove(waiting + i, waiting + i + 1, sizeof waiting[0] * (--waiting_count - i));
      status = -ECONNRESET;
      break;
    }
    header done = {
        .command = htonl(UNLINKED), .sequence = htonl(sequence), .words = {htonl(status)}};
    return send_all(&done, sizeof done);
  }
  if (ntohl(h.command) != SUBMIT) return false;
  int size = (int)ntohl(h.words[1]), endpoint = ntohl(h.endpoint);
  bool is_input = ntohl(h.is_input);
  if (!is_input && size > 0 && (size > (int)sizeof data || !receive(data, size)))
    return false;
  if (endpoint == 0) return control(sequence, (uint8_t *)&h.words[5], data, size);
  if (endpoint != 1 || !is_input || waiting_count == MAX_WAITING)
    return answer(sequence, -EPIPE, NULL, 0);
  waiting[waiting_count].sequence = sequence;
  waiting[waiting_count++].size = size;
  return true;
}

/* Orders of standard input; false when there will be none. */
static bool obey(void) {
  char lines[256], *rest = lines, *line;
  ssize_t got = read(STDIN_FILENO, lines, sizeof lines - 1);
  if (got <= 0) return false;
  lines[got] = 0;
  while ((line = strsep(&rest, "\n"))) {
    sscanf(line, "cut %d", &cut), sscanf(line, "garble %d", &garble);
    sscanf(line, "flag %d", &flag), sscanf(line, "refuse %d", &refuse);
    if (!strcmp(line, "freeze")) is_frozen = true;
    if (!strcmp(line, "resume")) is_frozen = false;
  }
  return true;
}

/* The frame that is being sent. */
static struct {
  uint8_t *bytes;
  long size, sent;
  int identity;
  bool is_flagged;
} frame;

static void begin_frame(void) {
  static int number;
  const mode *m = &modes[current];
  const picture *p = &m->pictures[number++ / rate % m->count];
  frame.bytes = realloc(frame.bytes, p->size);
  if (!frame.bytes) fail("memory");
  memcpy(frame.bytes, p->bytes, p->size);
  frame.size = p->size, frame.sent = 0, frame.identity ^= 1;
  if (cut > 0) cut--, frame.size /= 2;
  if (garble > 0) {
    garble--;
    for (long i = p->size / 4; i < p->size; i += 97) frame.bytes[i] ^= 0x5a;
  }
  frame.is_flagged = flag > 0;
  if (flag > 0) flag--;
}

/* The next piece of the frame, as the answer to the oldest transfer that waits. */
static bool send_piece(void) {
  uint8_t piece[MAX_PAYLOAD];
  long room = (waiting[0].size < MAX_PAYLOAD ? waiting[0].size : MAX_PAYLOAD) - 2;
  long left = frame.size - frame.sent;
  int count = (int)(left < room ? left : room);
  piece[0] = 2;
  piece[1] = 0x80 | frame.identity | (count == left ? 2 : 0) | (frame.is_flagged ? 0x40 : 0);
  memcpy(piece + 2, frame.bytes + frame.sent, count);
  frame.sent += count;
  uint32_t sequence = waiting[0].sequence;
  memmove(waiting, waiting + 1, sizeof waiting[0] * --waiting_count);
  return answer(sequence, 0, piece, count + 2);
}

static void load(mode *m, const char *path) {
  FILE *file = fopen(path, "rb");
  picture *p = &m->pictures[m->count++];
  if (!file || fseek(file, 0, SEEK_END)) fail(path);
  p->size = ftell(file);
  rewind(file);
  p->bytes = malloc(p->size);
  if (p->size <= 0 || !p->bytes || fread(p->bytes, 1, p->size, file) != (size_t)p->size)
    fail(path);
  fclose(file);
}

static void read_words(int count, char **words) {
  int width = 0, height = 0;
  mode *last = NULL;
  for (int i = 1; i < count; i++) {
    const char *word = words[i], *value = words[i + 1];
    if (word[0] == '-' && value && strchr("rpis", word[1])) {
      i++;
      if (word[1] == 'r') rate = atoi(value);
      if (word[1] == 'p') port = atoi(value);
      if (word[1] == 'i') serial = value;
      if (word[1] == 's') sscanf(value, "%dx%d", &width, &height), last = NULL;
      continue;
    }
    size_t length = strlen(word);
    bool uncompressed = length > 5 && !strcmp(word + length - 5, ".yuyv");
    if (!last || last->uncompressed != uncompressed) {
      if (mode_count == MAX_MODES) break;
      last = &modes[mode_count++];
      *last = (mode){.uncompressed = uncompressed, .width = width, .height = height};
    }
    if (last->count < MAX_PICTURES) load(last, word);
  }
  if (!mode_count || !width || rate < 1) {
    fprintf(stderr, "usb_camera: no picture, expected -s WIDTHxHEIGHT FILE...\n");
    exit(2);
  }
}

static void plug(void) {
  int pair[2];
  char words[64];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) fail("socketpair");
  /* Device 2 of bus 1, high speed. */
  int length = snprintf(words, sizeof words, "%d %d %d 3", port, pair[1], 1 << 16 | 2);
  int file = open("/sys/devices/platform/vhci_hcd.0/attach", O_WRONLY);
  if (file < 0 || write(file, words, length) != length) fail("usb_camera: vhci_hcd");
  close(file), close(pair[1]);
  connection = pair[0];
}

int main(int count, char **words) {
  read_words(count, words);
  describe();
  negotiate(probe);
  plug();
  struct pollfd files[2] = {{.fd = connection, .events = POLLIN},
                            {.fd = STDIN_FILENO, .events = POLLIN}};
  double due = now();
  for (;;) {
    if (!is_streaming) frame.sent = frame.size = 0;
    bool can_send = is_streaming && !is_frozen && waiting_count > 0;
    bool is_due = frame.sent < frame.size || now() >= due;
    int wait = !can_send ? 100 : is_due ? 0 : (int)((due - now()) * 1000) + 1;
    if (poll(files, 2, wait) > 0) {
      if (files[1].revents && !obey()) files[1].fd = -1;
      if (files[0].revents && !serve()) return 0;
      continue;
    }
    if (!can_send || !is_due) continue;
    if (frame.sent == frame.size) {
      due += 1.0 / rate;
      if (due < now()) due = now();
      begin_frame();
    }
    if (!send_piece()) return 0;
  }
}
