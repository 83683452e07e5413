/*
 * The forked snapshot, as its parts see each other. What happens in a capture, in order:
 *
 *   prepare   a thread of our own makes V8's mappings inheritable; the event loop goes on             mappings.c, got.c
 *   fork      all other threads sleep: what V8 has mapped since, and the fork itself                  threads.c, fork.c
 *   child     no sockets, no signal handlers, lowest priority; no wait for threads that are not there child.c, got.c
 *   watch     a thread of our own sets the mappings back, ends a child that hangs or takes too much,
 *             and reaps it                                                                            watch.c
 *
 * addon.c names what JavaScript calls; the calls are in call-*.c. One capture at a time in a process, so the state is
 * static; lifetime.c guards it and ends it.
 */
#ifndef EBB_CAPTURE_H
#define EBB_CAPTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Milliseconds on the monotonic clock. */
double now_ms(void);

/* ── What the child tells, in a page that both share ─────────────────────────────────────────────────────────────── */

enum child_phase {
  PHASE_FORKED = 0,  /* after fork(), before it is safe to go on */
  PHASE_READY = 1,   /* sockets closed, calls patched; back to JavaScript */
  PHASE_DONE = 2,    /* JavaScript has returned, and says how it went in `error` */
  PHASE_DEADLOCK = 3 /* it was about to wait for a thread that does not exist */
};

struct child_report {
  atomic_int phase;
  atomic_int error;   /* errno of the failed write, 0 for none, -1 for another failure */
  atomic_int patched; /* calls that were patched */
  atomic_int stolen;  /* mutexes that a thread held at the fork */
};

/* ── mappings.c ──────────────────────────────────────────────────────────────────────────────────────────────────── */

struct range {
  uintptr_t start, end;
};

struct ranges {
  struct range *items;
  size_t count, capacity;
};

/* Finds what the program, that is V8, has marked MADV_DONTFORK, and takes the mark off. Slow. 0 or an errno. */
int take_marks_off(void);
/* Takes it off what has been mapped since. Quick. 0 or an errno. */
int take_new_marks_off(void);
/* Sets again what take_marks_off() has taken off; harmless when repeated. */
void restore_marks(void);
/* The same, and lets go of the lists. */
void forget_mappings(void);

/* ── threads.c ───────────────────────────────────────────────────────────────────────────────────────────────────── */

/* How many other threads of this process are running or in the middle of something; -1 when it cannot be told. */
int threads_awake(void);

/* ── got.c ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Finds all calls into libc that would wait for threads; to be done before the fork. The number found, or -1. */
int find_wait_calls(void);
/* How many of them signal a condition variable: without any, this program is linked in a way that cannot be patched. */
int condition_signals(void);
/* Points all of them at stand-ins that fit a process of one thread. In the child only. The number patched, or -1. */
int patch_wait_calls(struct child_report *report);

/* ── child.c ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct child_setup {
  pid_t parent;
  int keep_fd;   /* the snapshot goes there: never closed */
  int stderr_fd; /* what the child's standard error becomes */
  bool raise_heap_limit;
  int niceness; /* 19: only what nobody else wants of the CPU */
  struct child_report *report;
};

/* Looks up V8's AddNearHeapLimitCallback: whether `raise_heap_limit` can be asked for. To be called before the fork. */
bool can_raise_heap_limit(void);
/* Makes the forked child safe to go on in; called first of all in it, with all signals blocked. Exits on failure. */
void become_child(const struct child_setup *setup);
_Noreturn void leave_child(struct child_report *report, int error);

/* ── fork.c ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct fork_times {
  double threads_ms, mappings_ms, fork_ms;
  int awake; /* threads that were awake at the fork, as far as was seen */
};

#define FORK_AWAKE (-2)

/*
 * Forks when every other thread sleeps. Returns the child's id, 0 in the child, -1 with errno, or FORK_AWAKE when
 * threads are awake and `insist` is false. With `insist` it waits `wait_ms` for them, standing still, and then forks.
 */
pid_t fork_asleep(const struct child_setup *setup, bool insist, double wait_ms, struct fork_times *times);
/* What of the preparation takes time, for a thread of its own: to be called before each fork. 0, or an errno. */
int prepare_fork(void);

/* ── watch.c ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

#define MAX_GROUPS 16

struct memory_group {
  char usage_file[4096]; /* as long as a path can be: a limit whose file cannot be read is not kept */
  char stat_file[4096];
  double stop_above_bytes;
};

enum watch_end {
  END_EXITED = 0,    /* by itself; `status` says how */
  END_STALLED = 1,   /* asleep or stopped without progress: killed */
  END_TIMEOUT = 2,   /* took too long: killed */
  END_MEMORY = 3,    /* free memory ran low: killed */
  END_BUDGET = 4,    /* its own memory went over the budget: killed */
  END_CANCELLED = 5, /* asked to: killed */
  END_LOST = 6,      /* somebody else reaped it */
  END_DISK = 7       /* the disk ran low: killed */
};

struct watch {
  pid_t pid; /* the child: note_child() */
  double stall_ms, timeout_ms;
  double budget_bytes;          /* of the child's own memory; 0 for none */
  double least_available_bytes; /* of the machine; 0 for none */
  int disk_fd;                  /* the file that it writes */
  double least_disk_bytes;      /* free on the disk of that file; 0 for none */
  struct memory_group groups[MAX_GROUPS];
  int group_count;
  atomic_int cancelled;
  /* Results */
  enum watch_end end;
  int status; /* as waitpid() tells it */
  double peak_bytes;   /* of the child's own memory (not shared with the parent), as far as was seen */
  double least_free_bytes; /* least distance to any limit that was seen; -1 when no limit is known */
  double took_ms;
};

/* Runs until the child is gone and reaped. Blocks: for a thread of its own. */
void watch_child(struct watch *watch);

#endif
