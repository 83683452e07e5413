/*
 * Are the other threads asleep? A thread that runs may hold a mutex, and in the child that mutex would stay locked for
 * ever. One that sleeps in the kernel holds, nearly always, none: Node's and V8's threads sleep between tasks.
 */
#include "capture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The state letter of one task; 0 when the thread has gone meanwhile. */
static char task_state(int tasks, const char *tid) {
  char path[64], text[256];
  snprintf(path, sizeof path, "%.40s/stat", tid);
  int fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return 0;
  text[length] = 0;
  /* "tid (name) S …", and a name may hold parentheses and blanks itself. */
  const char *end = strrchr(text, ')');
  return end != NULL && end[1] == ' ' ? end[2] : 0;
}

int threads_awake(void) {
  DIR *folder = opendir("/proc/self/task");
  if (folder == NULL) return -1;
  int self = (int)syscall(SYS_gettid), awake = 0;
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    int tid = atoi(entry->d_name);
    if (tid == 0 || tid == self) continue;
    char state = task_state(dirfd(folder), entry->d_name);
    /* S sleeps; X and Z end just now; anything else runs, waits for a disk or a page, or is traced. */
    if (state != 0 && state != 'S' && state != 'X' && state != 'Z') awake++;
  }
  closedir(folder);
  return awake;
}
