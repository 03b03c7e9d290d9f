#define _GNU_SOURCE
#include "clinux.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Ten steps below the usual: a tenth of the share of a thread that wants the same CPU. */
enum { lower_priority = 10 };

int cl_status_of_file(const char *path, cl_file_status *out) {
  struct stat status;
  if (stat(path, &status) != 0) return errno;
  out->device = status.st_dev;
  out->inode = status.st_ino;
  out->size = (uint64_t)status.st_size;
  out->modified_nanoseconds =
      (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
  out->is_folder = S_ISDIR(status.st_mode);
  return 0;
}

static int open_regular(const char *path, int flags, int *descriptor) {
  int fd;
  do {
    fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return errno;
  struct stat status;
  int error = fstat(fd, &status) != 0 ? errno : 0;
  if (!error && !S_ISREG(status.st_mode)) error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  if (error) {
    close(fd);
    return error;
  }
  *descriptor = fd;
  return 0;
}

int cl_open_to_read(const char *path, int *descriptor) {
  return open_regular(path, O_RDONLY, descriptor);
}

int cl_open_to_write(const char *path, int empties, int *descriptor) {
  int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | (empties ? O_TRUNC : 0);
  return open_regular(path, flags, descriptor);
}

int cl_open_to_append(const char *path, int *descriptor) {
  int fd;
  do {
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return errno;
  *descriptor = fd;
  return 0;
}

int cl_read_at(int descriptor, void *bytes, size_t size, uint64_t offset, size_t *count) {
  size_t got = 0;
  while (got < size) {
    ssize_t step = pread(descriptor, (char *)bytes + got, size - got, (off_t)(offset + got));
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) return errno;
    if (step == 0) break;
    got += (size_t)step;
  }
  *count = got;
  return 0;
}

int cl_read_next(int descriptor, void *bytes, size_t size, size_t *count) {
  ssize_t got;
  do {
    got = read(descriptor, bytes, size);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno;
  *count = (size_t)got;
  return 0;
}

int cl_write_at(int descriptor, const void *bytes, size_t size, uint64_t offset) {
  size_t done = 0;
  while (done < size) {
    ssize_t step =
        pwrite(descriptor, (const char *)bytes + done, size - done, (off_t)(offset + done));
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) return errno;
    done += (size_t)step;
  }
  return 0;
}

int cl_sync(int descriptor) {
  int result;
  do {
    result = fsync(descriptor);
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

int cl_sync_folder(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = cl_sync(fd);
  close(fd);
  /* Some file systems cannot, and need not. */
  return error == EINVAL ? 0 : error;
}

int cl_close_file(int descriptor) {
  /* Linux closes it even where it says EINTR. */
  return close(descriptor) == 0 || errno == EINTR ? 0 : errno;
}

int cl_rename(const char *from, const char *to) { return rename(from, to) == 0 ? 0 : errno; }

int cl_remove_file(const char *path) {
  return unlink(path) == 0 || errno == ENOENT ? 0 : errno;
}

int cl_make_folder(const char *path) {
  if (mkdir(path, 0755) == 0) return 0;
  if (errno != EEXIST) return errno;
  struct stat status;
  if (stat(path, &status) != 0) return errno;
  return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

int cl_list_folder(const char *path, void (*visit)(void *context, const char *name),
                   void *context) {
  DIR *folder = opendir(path);
  if (!folder) return errno;
  int error = 0;
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(folder);
    if (!entry) {
      error = errno;
      break;
    }
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
      visit(context, entry->d_name);
    }
  }
  closedir(folder);
  return error;
}

int cl_lock_file(const char *path, int *descriptor) {
  int fd;
  int error = cl_open_to_write(path, 0, &fd);
  if (error) return error;
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    error = errno;
    close(fd);
    return error;
  }
  *descriptor = fd;
  return 0;
}

int cl_is_locked(int error) { return error == EWOULDBLOCK; }

void cl_lower_priority(void) {
  id_t thread = (id_t)syscall(SYS_gettid);
  int current = getpriority(PRIO_PROCESS, thread);
  setpriority(PRIO_PROCESS, thread, current + lower_priority);
}
