/*
 * How long does fork() take in a C program with as much memory as a service has, and nothing else? The kernel copies one
 * entry of a page table for each page of 4 KB: no program pauses for less. The memory lies as V8's does, in mappings of
 * 256 KB whose first page has other rights, so that the kernel does not join them.
 *
 *   bare-fork MEGABYTES FORKS      prints the milliseconds of each fork, one a line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { mapping_bytes = 256 * 1024, page_bytes = 4096 };

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int main(int count, char **values) {
  if (count != 3) return 2;
  const long mappings = atol(values[1]) * 1000000 / mapping_bytes;
  for (long i = 0; i < mappings; i++) {
    char *at = mmap(NULL, mapping_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return 1;
    memset(at, 1, mapping_bytes);
    if (mprotect(at, page_bytes, PROT_READ) != 0) return 1;
  }
  for (long i = atol(values[2]); i > 0; i--) {
    const double start = now_ms();
    const pid_t pid = fork();
    if (pid < 0) return 1;
    if (pid == 0) _exit(0);
    printf("%.3f\n", now_ms() - start);
    waitpid(pid, NULL, 0);
  }
  return 0;
}
