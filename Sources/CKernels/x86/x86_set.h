/* All kernels of an x86 set. Its file includes this once, inside its target region, after its
 * vectors_*.h, which gives vi, vf, I(), SI(), CK_LANES, widen*, natural_order,
 * lanes_at, broadcast_lane and store_*. It defines
 *   CK_SET, CK_TILE, CK_TILES   see ../kernel_table.h and ../convolution.h,
 *   CK_ACCUMULATORS             the sums of a full register tile in vectors, 4n,
 *   CK_RUN_*                    see x86_run_tiles.h, and
 * where it has a dot product instruction,
 *   CK_DPBUSD                   that,
 *   CK_SHAPES                   see ../convolution.h,
 * else, see x86_multiply.h, and for CK_BYTE_* x86_run_tiles.h,
 *   CK_WIDEST, CK_WIDTHS(X)     most blocks of its register tiles, and X(blocks) of all its tiles,
 *   CK_MOST_PIXELS              {most pixels} of tiles of 1, 2, ... blocks. */

#define CK_MOST_SUMS (CK_ACCUMULATORS * int32s)

#include "x86_rounding.h"
#include "dot.h"
#include "x86_convolution.h"
#ifdef CK_DPBUSD
#include "../convolution.h"
#else
#include "x86_multiply.h"
#endif
#include "x86_run_pixels.h"
#ifdef CK_BYTE_TILES
#include "x86_bytes.h"
#endif
#include "x86_run_tiles.h"
#ifdef CK_BYTE_TILES
#include "x86_byte_runs.h"
#endif
#include "x86_runs.h"
#if CK_LANES > 1 /* broadcasts cost as much as products in sse41 */
#define CK_COLORS
#include "x86_colors.h"
#endif
#ifdef CK_WINOGRAD_TILES
#include "x86_winograd.h"
#endif
#include "x86_depthwise.h"
#include "x86_depthwise_dots.h"
#include "x86_depthwise_windows.h"
#include "x86_elements.h"
#include "x86_rows.h"
#include "../pixels.h"
#include "x86_pixels.h"
#include "../kernel_table.h"
