#ifndef CIC_WITHOUT_JPEG
#include "jpeg_arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>

#include "cic_frames.h"

/* Of every allocation: enough for the vectors of libjpeg-turbo, which wants 32. */
enum { alignment = 64 };

struct arena_block {
  arena_block *next;
};

/* Arrays that libjpeg calls virtual; here they are all in memory. */
struct jvirt_barray_control {
  JBLOCKARRAY rows;
  JDIMENSION width, height;
  boolean is_zeroed;
  struct jvirt_barray_control *next;
};

struct jvirt_sarray_control {
  JSAMPARRAY rows;
  JDIMENSION width, height;
  boolean is_zeroed;
  struct jvirt_sarray_control *next;
};

static jpeg_arena *arena_of(j_common_ptr cinfo) { return (jpeg_arena *)cinfo->mem; }

static unsigned char *aligned(unsigned char *at) {
  return at + (-(uintptr_t)at & (alignment - 1));
}

/* `size` is at most CIC_MAX_FRAME_MEMORY. */
static void *from_malloc(jpeg_arena *arena, size_t size) {
  arena_block *more = malloc(sizeof *more + alignment + size);
  if (!more) return NULL;
  more->next = arena->more;
  arena->more = more;
  return aligned((unsigned char *)(more + 1));
}

static void *allocate(j_common_ptr cinfo, int pool, size_t size) {
  (void)pool;
  jpeg_arena *arena = arena_of(cinfo);
  void *memory = NULL;
  if (size <= CIC_MAX_FRAME_MEMORY) {
    size = (size / alignment + 1) * alignment;
    if (arena->wanted + size <= CIC_MAX_FRAME_MEMORY) {
      arena->wanted += size;
      if (size <= arena->size - arena->used) {
        memory = aligned(arena->block) + arena->used;
        arena->used += size;
      } else {
        memory = from_malloc(arena, size);
      }
    }
  }
  if (!memory) ERREXIT1(cinfo, JERR_OUT_OF_MEMORY, 0);
  return memory;
}

/* rows x row_bytes and pointers to them. Both are below 2^32. */
static void **allocate_rows(j_common_ptr cinfo, uint64_t row_bytes, JDIMENSION rows,
                            boolean is_zeroed) {
  row_bytes = (row_bytes + alignment - 1) & ~(uint64_t)(alignment - 1);
  if (row_bytes * rows > CIC_MAX_FRAME_MEMORY) ERREXIT1(cinfo, JERR_OUT_OF_MEMORY, 1);
  void **pointers = allocate(cinfo, JPOOL_IMAGE, sizeof *pointers * rows);
  unsigned char *bytes = allocate(cinfo, JPOOL_IMAGE, (size_t)(row_bytes * rows));
  if (is_zeroed) memset(bytes, 0, (size_t)(row_bytes * rows));
  for (JDIMENSION row = 0; row < rows; ++row) pointers[row] = bytes + (size_t)row_bytes * row;
  return pointers;
}

static JSAMPARRAY sample_array(j_common_ptr cinfo, int pool, JDIMENSION width, JDIMENSION rows) {
  (void)pool;
  return (JSAMPARRAY)allocate_rows(cinfo, width, rows, FALSE);
}

static JBLOCKARRAY block_array(j_common_ptr cinfo, int pool, JDIMENSION width, JDIMENSION rows) {
  (void)pool;
  return (JBLOCKARRAY)allocate_rows(cinfo, (uint64_t)width * sizeof(JBLOCK), rows, FALSE);
}

static jvirt_sarray_ptr request_samples(j_common_ptr cinfo, int pool, boolean is_zeroed,
                                        JDIMENSION width, JDIMENSION height, JDIMENSION access) {
  (void)access;
  jpeg_arena *arena = arena_of(cinfo);
  jvirt_sarray_ptr array = allocate(cinfo, pool, sizeof *array);
  *array = (struct jvirt_sarray_control){NULL, width, height, is_zeroed, arena->samples};
  arena->samples = array;
  return array;
}

static jvirt_barray_ptr request_blocks(j_common_ptr cinfo, int pool, boolean is_zeroed,
                                       JDIMENSION width, JDIMENSION height, JDIMENSION access) {
  (void)access;
  jpeg_arena *arena = arena_of(cinfo);
  jvirt_barray_ptr array = allocate(cinfo, pool, sizeof *array);
  *array = (struct jvirt_barray_control){NULL, width, height, is_zeroed, arena->blocks};
  arena->blocks = array;
  return array;
}

static void realize(j_common_ptr cinfo) {
  jpeg_arena *arena = arena_of(cinfo);
  for (; arena->samples; arena->samples = arena->samples->next) {
    jvirt_sarray_ptr array = arena->samples;
    array->rows = (JSAMPARRAY)allocate_rows(cinfo, array->width, array->height, array->is_zeroed);
  }
  for (; arena->blocks; arena->blocks = arena->blocks->next) {
    jvirt_barray_ptr array = arena->blocks;
    array->rows = (JBLOCKARRAY)allocate_rows(cinfo, (uint64_t)array->width * sizeof(JBLOCK),
                                             array->height, array->is_zeroed);
  }
}

static void check_access(j_common_ptr cinfo, JDIMENSION height, JDIMENSION first,
                         JDIMENSION count) {
  if (height == 0 || count > height || first > height - count) {
    ERREXIT(cinfo, JERR_BAD_VIRTUAL_ACCESS);
  }
}

static JSAMPARRAY access_samples(j_common_ptr cinfo, jvirt_sarray_ptr array, JDIMENSION first,
                                 JDIMENSION count, boolean writable) {
  (void)writable;
  check_access(cinfo, array->rows ? array->height : 0, first, count);
  return array->rows + first;
}

static JBLOCKARRAY access_blocks(j_common_ptr cinfo, jvirt_barray_ptr array, JDIMENSION first,
                                 JDIMENSION count, boolean writable) {
  (void)writable;
  check_access(cinfo, array->rows ? array->height : 0, first, count);
  return array->rows + first;
}

/* All pools end when the next frame begins. */
static void keep_pool(j_common_ptr cinfo, int pool) { (void)cinfo, (void)pool; }
static void keep_all(j_common_ptr cinfo) { (void)cinfo; }

struct jpeg_memory_mgr *jpeg_arena_install(jpeg_arena *arena, j_common_ptr cinfo) {
  struct jpeg_memory_mgr *original = cinfo->mem;
  arena->base = (struct jpeg_memory_mgr){
    .alloc_small = allocate,
    .alloc_large = allocate,
    .alloc_sarray = sample_array,
    .alloc_barray = block_array,
    .request_virt_sarray = request_samples,
    .request_virt_barray = request_blocks,
    .realize_virt_arrays = realize,
    .access_virt_sarray = access_samples,
    .access_virt_barray = access_blocks,
    .free_pool = keep_pool,
    .self_destruct = keep_all,
    .max_memory_to_use = CIC_MAX_FRAME_MEMORY,
    .max_alloc_chunk = CIC_MAX_FRAME_MEMORY,
  };
  cinfo->mem = &arena->base;
  return original;
}

static void free_more(jpeg_arena *arena) {
  while (arena->more) {
    arena_block *next = arena->more->next;
    free(arena->more);
    arena->more = next;
  }
}

void jpeg_arena_reset(jpeg_arena *arena) {
  if (arena->more) {
    free_more(arena);
    free(arena->block);
    arena->block = malloc(arena->wanted + alignment);
    arena->size = arena->block ? arena->wanted : 0;
  }
  arena->used = 0;
  arena->wanted = 0;
  arena->samples = NULL;
  arena->blocks = NULL;
}

void jpeg_arena_free(jpeg_arena *arena) {
  free_more(arena);
  free(arena->block);
}

#endif
