/* What Winograd kernels share: the arithmetic, and how their scratch memory is divided.
 *
 * Winograd's F(2x2, 3x3) makes a tile of 2x2 outputs y from its 4x4 inputs d and the 3x3 weights g
 * of a channel with 16 products instead of 36, F(4x4, 3x3) one of 4x4 with 36 instead of 144:
 * y = A^T (sum over channels of (F G g G^T F) * (B^T d B)) A, element by element, with
 *
 *   A^T = 1  1  1  0     B^T = 1  0 -1  0     G = 1  0  0     F = diag(2, 1, 1, 2) / 2
 *         0  1 -1 -1           0  1  1  0         1  1  1
 *                              0 -1  1  0         1 -1  1
 *                              0  1  0 -1         0  0  1
 *
 *         1  1  1  1  1  0     4  0 -5  0  1  0   1  0  0
 *         0  1 -1  2 -2  0     0  4  4 -1 -1  0   1  1  1
 *         0  1  1  4  4  0     0 -4  4  1 -1  0   1 -1  1     diag(6, 4, 4, 1, 1, 24) / 24
 *         0  1 -1  8 -8  1     0 -2 -1  2  1  0   1  2  4
 *                              0  2 -1 -2  1  0   1 -2  4
 *                              0  4  0 -5  0  1   0  0  1
 *
 * F without its denominator is in the weights, but for 8 of its last 24, which is left to the sums:
 * all numbers are integers. These weights are at most 9 * 127 = 1,143 or 144 * 127 = 18,288, B^T d B
 * of bytes 4 * 255 = 1,020 or 100 * 255 = 25,500: int16. The products of two are summed modulo 2^32, and so are the elements of the result, which
 * is 4y or 576y. If |4y| < 2^31, its quarter is the convolution's sum, exactly: 9 * 255 * 127 a
 * channel allow 1,841 channels. 576 = 64 * 9, and 9 has an inverse modulo 2^32 that makes 64y of it,
 * whose 64th is the sum if |64y| < 2^31. There d is less 128, which 128 times the sum of weights
 * makes up for, so that 9 * 128 * 127 a channel allow 229; in B^T d B it changes one element. More
 * channels are summed in groups, each of which is brought to its y. */
#ifndef CK_WINOGRAD_H
#define CK_WINOGRAD_H

#include "kernel_support.h"

enum {
  wg_gap = 192,       /* bytes between places, whose distance must not be a multiple of 4096 */
  wg_most_row = 128,  /* bytes of a row of products, over all sets */
  wg_most_part = 12,  /* tiles of a register tile, over all sets */
  wg_ninth = 954437177, /* 9 * wg_ninth = 1 modulo 2^32 */
};

/* Groups of four channels whose weights are transformed at once, and whose sums are exact, 16n, for
 * tiles of S x S inputs. */
CK_INLINE size_t wg_quads_of(size_t S) { return S == 6 ? 16 : 32; }
CK_INLINE size_t wg_group_of(size_t S) { return S == 6 ? 48 : 448; }

/* Distances and places of the scratch memory, in bytes. */
typedef struct {
  size_t tile;     /* of the next tile's inputs */
  size_t half;     /* of their odd bytes, from the even ones of all tiles */
  size_t place;    /* of the next element of transformed inputs */
  size_t chunk;    /* of the next 64 channels of these */
  size_t weights;  /* of transformed weights */
  size_t products;
  size_t sums;     /* of the groups before, a row a pixel of the tiles */
  size_t size;
} wg_layout;

CK_INLINE wg_layout wg_layout_of(size_t S, size_t tiles, size_t k4) {
  const size_t places = S * S, quads = wg_quads_of(S), pixels = (S - 2) * (S - 2);
  wg_layout l;
  /* Tiles of few channels share vectors. */
  l.tile = k4 > 8 ? 64 : k4 > 4 ? 32 : 16;
  l.half = ((tiles + 1) / 2 * 2 * l.tile + 63) / 64 * 64;
  l.place = 2 * l.half + 64;
  l.chunk = places * l.place;
  l.weights = (k4 + 15) / 16 * l.chunk + 64;
  l.products = l.weights + places * (ck_smaller(k4, quads) * 2 * wg_most_row + wg_gap);
  const size_t parts = k4 > quads ? (tiles + wg_most_part - 1) / wg_most_part : 1;
  l.sums = l.products + parts * places * wg_most_part * wg_most_row;
  l.size = l.sums + (k4 > wg_group_of(S) ? tiles * pixels * wg_most_row : 0);
  return l;
}

/* The first output pixel of a tile. */
typedef struct {
  size_t y, x;
} wg_corner;
wg_corner wg_corner_of(const ck_winograd *call, size_t tile);

/* The inputs of a tile, by rows. */
void wg_window(const ck_winograd *call, size_t tile, const uint8_t **in);

#endif
