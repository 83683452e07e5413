/*
 * Watches the child from a thread of the parent, so that a busy event loop does not keep a child alive that takes the
 * memory of the container. Reaps this one child by its id: the program's own children are none of its business.
 */
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 15 };

/* Reads a whole small file as text; false when it cannot be read. */
static bool read_file(const char *path, char *text, size_t size) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  size_t length = 0;
  for (ssize_t got; length < size - 1 && (got = read(fd, text + length, size - 1 - length)) > 0;) length += (size_t)got;
  close(fd);
  text[length] = 0;
  return length > 0;
}

/* The number behind a key at the beginning of a line; 0 when there is none. */
static double number_after(const char *text, const char *key) {
  const size_t length = strlen(key);
  for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncmp(line, key, length) == 0) return strtod(line + length, NULL);
  }
  return 0;
}

/* Pages that only the child holds: what it costs beyond the parent. The kernel walks all its page tables for it. */
static double private_bytes(pid_t pid) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
  return read_file(path, text, sizeof text) ? number_after(text, "Private_Dirty:") * 1024 : 0;
}

/* How far the group is from where the child has to go. Page cache that nobody reads gives way first: it is not used. */
static double group_left(const struct memory_group *group) {
  char text[8192];
  if (!read_file(group->usage_file, text, sizeof text)) return -1;
  double left = group->stop_above_bytes - strtod(text, NULL);
  if (left > 0 || !read_file(group->stat_file, text, sizeof text)) return left;
  const double below = number_after(text, "total_inactive_file ");
  return left + (below > 0 ? below : number_after(text, "inactive_file "));
}

/* True when some limit is too near; keeps the least distance that was seen. */
static bool memory_low(struct watch *watch) {
  bool low = false;
  char text[4096];
  for (int i = 0; i < watch->group_count; i++) {
    const double left = group_left(&watch->groups[i]);
    if (left == -1) continue;
    if (watch->least_free_bytes < 0 || left < watch->least_free_bytes) watch->least_free_bytes = left < 0 ? 0 : left;
    if (left <= 0) low = true;
  }
  if (watch->least_available_bytes > 0 && read_file("/proc/meminfo", text, sizeof text)) {
    const double left = number_after(text, "MemAvailable:") * 1024 - watch->least_available_bytes;
    if (watch->least_free_bytes < 0 || left < watch->least_free_bytes) watch->least_free_bytes = left < 0 ? 0 : left;
    if (left <= 0) low = true;
  }
  return low;
}

static bool disk_low(const struct watch *watch) {
  struct statvfs disk;
  if (watch->least_disk_bytes <= 0 || fstatvfs(watch->disk_fd, &disk) != 0) return false;
  return (double)disk.f_bavail * (double)disk.f_frsize < watch->least_disk_bytes;
}

struct progress {
  unsigned long ticks; /* CPU time that the child has used */
  double since_ms;     /* when that last changed, or when the child last ran or waited for a disk */
};

static void note_progress(pid_t pid, struct progress *progress) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const char *end = read_file(path, text, sizeof text) ? strrchr(text, ')') : NULL;
  char state = 0;
  unsigned long user = 0, kernel = 0;
  if (end == NULL) return;
  if (sscanf(end + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &state, &user, &kernel) != 3) return;
  const bool waits = state == 'S' || state == 'T' || state == 't';
  if (waits && user + kernel == progress->ticks) return;
  progress->ticks = user + kernel;
  progress->since_ms = now_ms();
}

static void kill_child(struct watch *watch, enum watch_end end) {
  watch->end = end;
  kill(watch->pid, SIGKILL);
  for (;;) {
    const pid_t reaped = waitpid(watch->pid, &watch->status, 0);
    if (reaped == watch->pid || (reaped < 0 && errno != EINTR)) return;
  }
}

void watch_child(struct watch *watch) {
  const double start = now_ms();
  struct progress progress = {0, start};
  double next_walk = start;
  watch->least_free_bytes = -1;
  watch->peak_bytes = 0;
  watch->status = 0;
  watch->end = END_LOST;
  /* To the kernel 0 and less are groups of processes: the program's own. */
  while (watch->pid > 0) {
    /* As long as this says 0 the child is ours and not reaped, so that its id is nobody else's. */
    const pid_t reaped = waitpid(watch->pid, &watch->status, WNOHANG);
    if (reaped == watch->pid || (reaped < 0 && errno != EINTR)) {
      watch->end = reaped < 0 ? END_LOST : END_EXITED;
      break;
    }
    const double time = now_ms();
    if (atomic_load(&watch->cancelled)) {
      kill_child(watch, END_CANCELLED);
      break;
    }
    if (memory_low(watch)) {
      kill_child(watch, END_MEMORY);
      break;
    }
    if (disk_low(watch)) {
      kill_child(watch, END_DISK);
      break;
    }
    if (time >= next_walk) {
      const double own = private_bytes(watch->pid);
      const double took = now_ms() - time;
      if (own > watch->peak_bytes) watch->peak_bytes = own;
      /* Never more than a twentieth of the time for it. */
      next_walk = time + took + (took * 20 > 50 ? took * 20 : 50);
      if (watch->budget_bytes > 0 && own > watch->budget_bytes) {
        kill_child(watch, END_BUDGET);
        break;
      }
    }
    note_progress(watch->pid, &progress);
    if (now_ms() - progress.since_ms > watch->stall_ms) {
      kill_child(watch, END_STALLED);
      break;
    }
    if (time - start > watch->timeout_ms) {
      kill_child(watch, END_TIMEOUT);
      break;
    }
    nanosleep(&(struct timespec){0, TICK_MS * 1000000L}, NULL);
  }
  watch->took_ms = now_ms() - start;
}
