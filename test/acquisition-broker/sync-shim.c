/* Writes down, in the order of their beginning, into the file named by MAKAI_TEST_TRACE: what a process writes to and syncs of files whose names
 * end in -wal, and when it sends an `evnew`. A sync is noted when it has ended. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int trace = -1;

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("MAKAI_TEST_TRACE");
  if (file != NULL) trace = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void note(const char *line) {
  if (trace >= 0) syscall(SYS_write, trace, line, strlen(line));
}

static int is_wal(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path);
  return length > 4 && memcmp(path + length - 4, "-wal", 4) == 0;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) {
  if (trace >= 0 && is_wal(fd)) note("write\n");
  return syscall(SYS_pwrite64, fd, bytes, count, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return pwrite64(fd, bytes, count, at); }

static int synced(int fd, long call) {
  int result = (int)syscall(call, fd);
  if (result == 0 && trace >= 0 && is_wal(fd)) note("sync\n");
  return result;
}

int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }
int fsync(int fd) { return synced(fd, SYS_fsync); }

ssize_t send(int fd, const void *bytes, size_t count, int flags) {
  if (trace >= 0 && memmem(bytes, count, "evnew", 5) != NULL) note("evnew\n");
  return syscall(SYS_sendto, fd, bytes, count, flags, NULL, 0);
}
