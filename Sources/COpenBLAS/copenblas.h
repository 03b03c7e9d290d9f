#include <cblas.h>

// LAPACK's Cholesky factorization, which the library holds and its header leaves out.
int spotrf_(const char *half, const blasint *order, float *a, const blasint *stride,
            blasint *result);
