/* What JavaScript calls: see src/fork/addon.ts for the types. Nothing here throws but on wrong arguments. */
#include "capture.h"

#include <node_api.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One capture at a time in a process, whichever of its threads asks for it. */
static atomic_bool busy;
static struct child_report *report;
static struct watch watch;
/* The child that is alive, 0 for none: what a thread that is torn down leaves behind is ended. */
static atomic_int living;

/*
 * A worker thread can be terminated in the middle of a capture, and nobody calls release() then. The last of our own
 * threads that still works for it does. `state` guards what follows.
 */
static pthread_mutex_t state = PTHREAD_MUTEX_INITIALIZER;
static int jobs;
static bool orphaned;
static int own_fds[4] = {-1, -1, -1, -1};

static int own(int fd) {
  pthread_mutex_lock(&state);
  for (size_t i = 0; fd >= 0 && i < sizeof own_fds / sizeof *own_fds; i++) {
    if (own_fds[i] >= 0) continue;
    own_fds[i] = fd;
    break;
  }
  pthread_mutex_unlock(&state);
  return fd;
}

/* With `state` held. */
static void release_all(void) {
  for (size_t i = 0; i < sizeof own_fds / sizeof *own_fds; i++) {
    if (own_fds[i] >= 0) close(own_fds[i]);
    own_fds[i] = -1;
  }
  if (report != NULL) munmap(report, sizeof *report);
  report = NULL;
  orphaned = false;
  forget_mappings();
  atomic_store(&busy, false);
}

static napi_value number(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

static napi_value boolean(napi_env env, bool value) {
  napi_value result = NULL;
  napi_get_boolean(env, value, &result);
  return result;
}

static void set_number(napi_env env, napi_value object, const char *name, double value) {
  napi_set_named_property(env, object, name, number(env, value));
}

static double number_of(napi_env env, napi_value object, const char *name) {
  napi_value value;
  double result = 0;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) napi_get_value_double(env, value, &result);
  return result;
}

static void text_of(napi_env env, napi_value object, const char *name, char *text, size_t size) {
  napi_value value;
  text[0] = 0;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) {
    napi_get_value_string_utf8(env, value, text, size, NULL);
  }
}

/* acquire(): whether no other capture is under way. */
static napi_value acquire(napi_env env, napi_callback_info info) {
  (void)info;
  bool free = false;
  if (!atomic_compare_exchange_strong(&busy, &free, true)) return boolean(env, false);
  report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (report == MAP_FAILED) {
    report = NULL;
    atomic_store(&busy, false);
    return boolean(env, false);
  }
  return boolean(env, true);
}

/* release(): ends what acquire() began. */
static napi_value release(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  pthread_mutex_lock(&state);
  release_all();
  pthread_mutex_unlock(&state);
  return NULL;
}

/* ── A thread of our own that calls back once ────────────────────────────────────────────────────────────────────── */

struct job {
  napi_threadsafe_function callback;
  void (*run)(struct job *job);
  int error;
};

static void *run_job(void *data) {
  struct job *job = data;
  job->run(job);
  pthread_mutex_lock(&state);
  jobs--;
  if (!orphaned) {
    /* With `state` held, so that the callback is not taken down meanwhile: end_with() waits for it. */
    napi_threadsafe_function callback = job->callback;
    if (napi_call_threadsafe_function(callback, job, napi_tsfn_nonblocking) != napi_ok) free(job);
    napi_release_threadsafe_function(callback, napi_tsfn_release);
  } else {
    /* Node has freed the callback with the thread that it belonged to. */
    free(job);
    if (jobs == 0) release_all();
  }
  pthread_mutex_unlock(&state);
  return NULL;
}

/* Starts the thread; `tell` gets the job on the event loop and frees it. 0, or an errno. */
static int start_job(napi_env env, napi_value callback, bool keep_alive, void (*run)(struct job *),
                     napi_threadsafe_function_call_js tell) {
  struct job *job = calloc(1, sizeof *job);
  napi_value name;
  napi_create_string_utf8(env, "ebb-capture", NAPI_AUTO_LENGTH, &name);
  if (job == NULL) return ENOMEM;
  job->run = run;
  if (napi_create_threadsafe_function(env, callback, NULL, name, 0, 1, NULL, NULL, NULL, tell, &job->callback) != napi_ok) {
    free(job);
    return ENOMEM;
  }
  if (!keep_alive) napi_unref_threadsafe_function(env, job->callback);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  /* The program's signals are handled by its own threads. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  pthread_mutex_lock(&state);
  jobs++;
  pthread_mutex_unlock(&state);
  const int error = pthread_create(&thread, &attributes, run_job, job);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    pthread_mutex_lock(&state);
    jobs--;
    pthread_mutex_unlock(&state);
    napi_release_threadsafe_function(job->callback, napi_tsfn_abort);
    free(job);
  }
  return error;
}

static void call(napi_env env, napi_value callback, size_t count, const napi_value *values) {
  napi_value undefined;
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, callback, count, values, NULL);
}

static void run_prepare(struct job *job) { job->error = prepare_fork(); }

static void tell_prepared(napi_env env, napi_value callback, void *context, void *data) {
  (void)context;
  struct job *job = data;
  if (env != NULL) {
    napi_value values[] = {number(env, job->error), number(env, condition_signals())};
    call(env, callback, 2, values);
  }
  free(job);
}

/* prepare(keepAlive, callback(errno, conditionSignals)): returns an errno. */
static napi_value prepare(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  bool keep_alive = true;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_bool(env, arguments[0], &keep_alive);
  return number(env, start_job(env, arguments[1], keep_alive, run_prepare, tell_prepared));
}

/* ── The fork ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/*
 * fork(options, times): the child's id, 0 in the child, -2 when threads are awake, -1 when the fork failed.
 * `times` is a Float64Array: ms for threads, mappings, fork, restoring; threads awake; bytes inherited; errno; ms for
 * numbering.
 */
static napi_value fork_child(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  double *times = NULL;
  size_t length = 0;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_typedarray_type type;
  if (napi_get_typedarray_info(env, arguments[1], &type, &length, (void **)&times, NULL, NULL) != napi_ok ||
      type != napi_float64_array || length < 8 || report == NULL) {
    napi_throw_type_error(env, NULL, "fork(options, Float64Array of 8) after acquire()");
    return NULL;
  }
  *report = (struct child_report){0};
  const struct child_setup setup = {
      .parent = getpid(),
      .keep_fd = (int)number_of(env, arguments[0], "fd"),
      .stderr_fd = (int)number_of(env, arguments[0], "errorsFd"),
      .raise_heap_limit = number_of(env, arguments[0], "raiseHeapLimit") != 0 && can_raise_heap_limit(),
      .niceness = (int)number_of(env, arguments[0], "niceness"),
      .report = report,
  };
  const bool insist = number_of(env, arguments[0], "insist") != 0;
  const double wait_ms = number_of(env, arguments[0], "waitMs");
  const bool numbered = number_of(env, arguments[0], "number") != 0 && can_number_objects();
  struct fork_times taken;
  const pid_t pid = fork_asleep(&setup, insist, numbered, wait_ms, &taken);
  if (pid == 0) return number(env, 0);
  const int error = pid == -1 ? errno : 0;
  if (pid > 0) atomic_store(&living, pid);
  const double values[] = {taken.threads_ms, taken.mappings_ms, taken.fork_ms, taken.restore_ms,
                           taken.awake,      (double)taken.inherited_bytes, error, taken.number_ms};
  memcpy(times, values, sizeof values);
  return number(env, pid);
}

/* canNumber(): whether fork() can number objects here. */
static napi_value can_number(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value result;
  napi_get_boolean(env, can_number_objects(), &result);
  return result;
}

/* forgetNumbers(): of this thread's objects. */
static napi_value forget(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  if (can_number_objects()) forget_numbers();
  return NULL;
}

/* leave(errno): ends the child; for the child only. */
static napi_value leave(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  int32_t error = -1;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_int32(env, argument, &error);
  leave_child(report, error);
}

/* ── Watching ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void run_watch(struct job *job) {
  (void)job;
  watch_child(&watch);
  atomic_store(&living, 0);
}

static void tell_watched(napi_env env, napi_value callback, void *context, void *data) {
  (void)context;
  if (env != NULL && report != NULL) {
    napi_value result;
    napi_create_object(env, &result);
    set_number(env, result, "end", watch.end);
    set_number(env, result, "status", watch.status);
    set_number(env, result, "peakBytes", watch.peak_bytes);
    set_number(env, result, "leastFreeBytes", watch.least_free_bytes);
    set_number(env, result, "tookMs", watch.took_ms);
    set_number(env, result, "phase", atomic_load(&report->phase));
    set_number(env, result, "error", atomic_load(&report->error));
    set_number(env, result, "patched", atomic_load(&report->patched));
    set_number(env, result, "stolen", atomic_load(&report->stolen));
    call(env, callback, 1, &result);
  }
  free(data);
}

static void read_groups(napi_env env, napi_value options) {
  napi_value groups, group;
  uint32_t length = 0;
  watch.group_count = 0;
  if (napi_get_named_property(env, options, "groups", &groups) != napi_ok) return;
  if (napi_get_array_length(env, groups, &length) != napi_ok) return;
  for (uint32_t i = 0; i < length && watch.group_count < MAX_GROUPS; i++) {
    struct memory_group *next = &watch.groups[watch.group_count];
    if (napi_get_element(env, groups, i, &group) != napi_ok) continue;
    text_of(env, group, "usageFile", next->usage_file, sizeof next->usage_file);
    text_of(env, group, "statFile", next->stat_file, sizeof next->stat_file);
    next->stop_above_bytes = number_of(env, group, "stopAboveBytes");
    watch.group_count++;
  }
}

/* watch(options, keepAlive, callback(result)): returns an errno; then the child is ended and reaped. */
static napi_value watch_forked(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  size_t count = 3;
  bool keep_alive = true;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_bool(env, arguments[1], &keep_alive);
  memset(&watch, 0, sizeof watch);
  watch.pid = (pid_t)number_of(env, arguments[0], "pid");
  watch.stall_ms = number_of(env, arguments[0], "stallMs");
  watch.timeout_ms = number_of(env, arguments[0], "timeoutMs");
  watch.budget_bytes = number_of(env, arguments[0], "budgetBytes");
  watch.least_available_bytes = number_of(env, arguments[0], "leastAvailableBytes");
  watch.disk_fd = (int)number_of(env, arguments[0], "fd");
  watch.least_disk_bytes = number_of(env, arguments[0], "leastDiskBytes");
  read_groups(env, arguments[0]);
  const int error = start_job(env, arguments[2], keep_alive, run_watch, tell_watched);
  if (error != 0) {
    atomic_store(&watch.cancelled, 1);
    watch_child(&watch);
    atomic_store(&living, 0);
  }
  return number(env, error);
}

/* cancel(): the child that is being watched is ended; the callback of watch() still comes. */
static napi_value cancel(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  atomic_store(&watch.cancelled, 1);
  return NULL;
}

/* memoryFile(): the descriptor of a file in memory that nobody else sees, or -1. */
static napi_value memory_file(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, own(memfd_create("ebb-capture-errors", MFD_CLOEXEC)));
}

/*
 * hiddenFile(folder): the descriptor of a new file of mode 0600 in the folder that has no name yet, or -errno. Whatever
 * ends the process, nothing of it stays. Not every file system can do this.
 */
static napi_value hidden_file(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  char folder[4096] = "";
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_string_utf8(env, argument, folder, sizeof folder, NULL);
  const int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  return number(env, fd >= 0 ? own(fd) : -errno);
}

/* nameFile(fd, file): gives a file of hiddenFile() its name, if nothing has that name. 0, or an errno. */
static napi_value name_file(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  int32_t fd = -1;
  char from[64], file[4096] = "";
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_int32(env, arguments[0], &fd);
  napi_get_value_string_utf8(env, arguments[1], file, sizeof file, NULL);
  snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
  return number(env, linkat(AT_FDCWD, from, AT_FDCWD, file, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno);
}

/* closeFile(fd): for descriptors made here. Node warns in a worker thread when it closes one that it has not opened. */
static napi_value close_file(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  int32_t fd = -1;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_int32(env, argument, &fd);
  pthread_mutex_lock(&state);
  for (size_t i = 0; fd >= 0 && i < sizeof own_fds / sizeof *own_fds; i++) {
    if (own_fds[i] != fd) continue;
    own_fds[i] = -1;
    close(fd);
  }
  pthread_mutex_unlock(&state);
  return NULL;
}

static void end_with(void *data) {
  (void)data;
  const int pid = atomic_exchange(&living, 0);
  atomic_store(&watch.cancelled, 1);
  if (pid > 0) kill(pid, SIGKILL);
  pthread_mutex_lock(&state);
  if (jobs == 0) release_all();
  else orphaned = true;
  pthread_mutex_unlock(&state);
}

/* atEnd(): from now on the end of this thread or process ends the child. */
static napi_value at_end(napi_env env, napi_callback_info info) {
  (void)info;
  napi_add_env_cleanup_hook(env, end_with, NULL);
  return NULL;
}

/* notAtEnd(): takes atEnd() back. */
static napi_value not_at_end(napi_env env, napi_callback_info info) {
  (void)info;
  napi_remove_env_cleanup_hook(env, end_with, NULL);
  return NULL;
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback function;
  } functions[] = {
      {"acquire", acquire}, {"release", release},       {"prepare", prepare}, {"fork", fork_child},
      {"leave", leave},     {"canNumber", can_number}, {"forgetNumbers", forget}, {"watch", watch_forked},    {"cancel", cancel},   {"memoryFile", memory_file},
      {"atEnd", at_end},    {"notAtEnd", not_at_end},   {"hiddenFile", hidden_file}, {"nameFile", name_file}, {"closeFile", close_file},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL, &function) != napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, function) != napi_ok) {
      return NULL;
    }
  }
  napi_value libc;
#if defined(__GLIBC__)
  napi_create_string_utf8(env, "glibc", NAPI_AUTO_LENGTH, &libc);
#else
  napi_create_string_utf8(env, "musl", NAPI_AUTO_LENGTH, &libc);
#endif
  napi_set_named_property(env, exports, "libc", libc);
  return exports;
}
