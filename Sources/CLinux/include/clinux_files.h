/* Files that are written, replaced and watched. Functions that can fail return 0 or an errno value;
 * all go on after EINTR. */
#ifndef CLINUX_FILES_H
#define CLINUX_FILES_H
#include <stddef.h>
#include <stdint.h>

/* What tells one state of a file from another without reading it. */
typedef struct {
  uint64_t device, inode, size;
  int64_t modified_nanoseconds;
  int is_folder;
} cl_file_status;
int cl_status_of_file(const char *path, cl_file_status *status);

/* A regular file to read, links followed; EINVAL for another kind: a FIFO keeps nobody waiting. */
int cl_open_to_read(const char *path, int *descriptor);
/* A regular file to write, made where there is none, emptied where `empties` is not 0; no links. */
int cl_open_to_write(const char *path, int empties, int *descriptor);
/* A file of any kind to add to, made where there is none. Writes to a pipe do not wait for its reader. */
int cl_open_to_append(const char *path, int *descriptor);
/* Up to `size` bytes; `*count` is less only at the end of the file. */
int cl_read_at(int descriptor, void *bytes, size_t size, uint64_t offset, size_t *count);
/* What there is of a pipe or another descriptor, 1 ... `size` bytes; none only at its end. */
int cl_read_next(int descriptor, void *bytes, size_t size, size_t *count);
int cl_write_at(int descriptor, const void *bytes, size_t size, uint64_t offset);
/* Returns when the content, or a folder's entries, would survive a power cut. */
int cl_sync(int descriptor);
int cl_sync_folder(const char *path);
int cl_close_file(int descriptor);

/* Replaces `to` in one step where it exists. */
int cl_rename(const char *from, const char *to);
/* No error where there is none. */
int cl_remove_file(const char *path);
/* Makes the last folder of a path; no error where there is one. */
int cl_make_folder(const char *path);
/* Calls `visit` with the name of each entry but "." and "..". */
int cl_list_folder(const char *path, void (*visit)(void *context, const char *name), void *context);
/* Opens a file, made where there is none, that no other process can lock until the descriptor is
 * closed; EWOULDBLOCK where one has it. */
int cl_lock_file(const char *path, int *descriptor);
/* Whether an errno value says that. */
int cl_is_locked(int error);

/* The calling thread gives way to those of usual priority; threads that it starts do too. */
void cl_lower_priority(void);

#endif
