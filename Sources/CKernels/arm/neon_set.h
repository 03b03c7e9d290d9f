/* All kernels of a NEON set. Its file includes this once, inside its target region, and defines
 * CK_SET; CK_DOT where it has dot products of four bytes; CK_MIXED_SIGN where those take u8 x
 * s8. */

#include "neon_rounding.h"
#ifdef CK_DOT
#include "neon_dot.h"
#else
#include "neon_multiply.h"
#endif

#include "neon_convolution.h"
#include "../convolution.h"
#include "neon_depthwise.h"
#include "neon_elements.h"
#include "../rows.h"
#include "../pixels.h"
#include "neon_pixels.h"
#include "../kernel_table.h"
