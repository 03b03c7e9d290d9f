/* The windows of ck_depthwise_rows, each a function, by what is faster. Dot products of bytes are,
 * where there are such; pairs of pmaddwd waste most of the second four rows of a 5 x 5 window, and
 * on vectors of 512 bits, of which half would often be empty, even some of a 3 x 3 one. */
#define CK_DEPTHWISE_ROWS depthwise_rows

#if defined(CK_DPBUSD) || CK_LANES == 1
#define CK_WINDOW_3 window_by_dots
#define CK_WINDOW_5 window_by_dots
#else
#include "x86_depthwise_floats.h"
#if CK_LANES == 2
#define CK_WINDOW_3 window_by_dots
#else
#define CK_WINDOW_3 window_by_floats
#endif
#define CK_WINDOW_5 window_by_floats
#endif

#define CK_WINDOW(size, stride) \
  static __attribute__((noinline)) void depthwise_##size##_##stride( \
    const ck_depthwise_rows *call, const ck_epilogue *e) { \
    CK_WINDOW_##size(call, e, size, stride); \
  }
CK_WINDOW(3, 1)
CK_WINDOW(3, 2)
CK_WINDOW(5, 1)
CK_WINDOW(5, 2)
#undef CK_WINDOW

static void depthwise_rows(const ck_depthwise_rows *call, const ck_epilogue *e) {
  switch (call->kernel << 2 | call->stride) {
  case 3 << 2 | 1: depthwise_3_1(call, e); break;
  case 3 << 2 | 2: depthwise_3_2(call, e); break;
  case 5 << 2 | 1: depthwise_5_1(call, e); break;
  default: depthwise_5_2(call, e);
  }
}
