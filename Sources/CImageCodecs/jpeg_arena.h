/* libjpeg's memory manager over one block that is kept from frame to frame. */
#ifndef JPEG_ARENA_H
#define JPEG_ARENA_H
#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>

/* What the block had no room for; from malloc, in front of its bytes. */
typedef struct arena_block arena_block;

typedef struct {
  struct jpeg_memory_mgr base; /* first: libjpeg's pointer to it is one to all of this */
  unsigned char *block;
  size_t size, used;
  size_t wanted; /* what this frame asked for altogether */
  arena_block *more;
  struct jvirt_barray_control *blocks;  /* arrays that wait to be realized */
  struct jvirt_sarray_control *samples;
} jpeg_arena;

/* Makes the arena the memory manager of a structure that has been created; returns the one it had, which must be put back
 * before the structure is destroyed. */
struct jpeg_memory_mgr *jpeg_arena_install(jpeg_arena *arena, j_common_ptr cinfo);
/* Forgets all allocations; grows the block to what the last frame took. */
void jpeg_arena_reset(jpeg_arena *arena);
void jpeg_arena_free(jpeg_arena *arena);

#endif
