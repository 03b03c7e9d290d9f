/* Addresses of the pixels of a tile of a run: few registers give all of them. */

enum { segment = 7 }; /* pixels that one base register and three distances address */

/* The distances of up to `segment` pixels that no scaled index gives. */
typedef struct {
  size_t one, three, five;
} distances;

/* Pixel p of a segment; p is a constant. */
CK_INLINE const uint8_t *pixel_at(const uint8_t *base, const distances *d, const int p) {
  switch (p) {
  case 0: return base;
  case 1: return base + d->one;
  case 2: return base + 2 * d->one;
  case 3: return base + d->three;
  case 4: return base + 4 * d->one;
  case 5: return base + d->five;
  default: return base + 2 * d->three;
  }
}
