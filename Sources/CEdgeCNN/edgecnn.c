/* The header is the whole target; the functions are in CInterface. This file holds it to what Swift relies on. */
#include "edgecnn.h"

_Static_assert(sizeof(edgecnn_status) == 4, "enumerations are 32 bits wide");
_Static_assert(sizeof(edgecnn_error) == 256, "an error is its text");
