/* The fork itself, and all that the event loop stands still for. */
#include "capture.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int prepare_fork(void) {
  if (find_wait_calls() < 0) return ENOMEM;
  return take_marks_off();
}

/* Standing still, the thread that forks gives the others nothing new to do: they soon sleep. */
static int wait_asleep(double wait_ms) {
  const double until = now_ms() + wait_ms;
  for (;;) {
    int awake = threads_awake();
    if (awake <= 0 || now_ms() >= until) return awake;
    nanosleep(&(struct timespec){0, 200000}, NULL);
  }
}

pid_t fork_asleep(const struct child_setup *setup, bool insist, double wait_ms, struct fork_times *times) {
  *times = (struct fork_times){0};
  const double start = now_ms();
  times->awake = threads_awake();
  if (times->awake != 0 && !insist) {
    times->threads_ms = now_ms() - start;
    return FORK_AWAKE;
  }
  const double looked = now_ms();

  int error = take_new_marks_off();
  if (error != 0) {
    errno = error;
    return -1;
  }
  const double inheritable = now_ms();

  /* Once, and last: threads that never sleep would be waited for twice. */
  times->awake = wait_asleep(wait_ms);
  const double forking = now_ms();
  /* No signal may reach a handler of Node's in the child: they tell the parent by a pipe that both have. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) {
    become_child(setup);
    return 0;
  }
  error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  const double forked = now_ms();

  times->threads_ms = looked - start + (forking - inheritable);
  times->mappings_ms = inheritable - looked;
  times->fork_ms = forked - forking;
  errno = error;
  return pid;
}
