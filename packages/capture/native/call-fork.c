/* The fork, as JavaScript calls it. */
#include "addon.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void run_prepare(struct job *job) { job->error = prepare_fork(); }

static void tell_prepared(napi_env env, napi_value callback, void *context, void *data) {
  (void)context;
  if (env != NULL) {
    const struct job *job = data;
    napi_value values[] = {number(env, job->error), number(env, condition_signals())};
    call(env, callback, 2, values);
  }
}

/* prepare(keepAlive, callback(errno, conditionSignals)): returns an errno. */
napi_value prepare(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  bool keep_alive = true;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_bool(env, arguments[0], &keep_alive);
  return number(env, start_job(env, arguments[1], keep_alive, run_prepare, tell_prepared));
}

/*
 * fork(options, times): the child's id, 0 in the child, -2 when threads are awake, -1 when the fork failed.
 * `times` is a Float64Array: ms for threads, mappings, fork; threads awake; errno.
 */
napi_value fork_child(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  double *times = NULL;
  size_t length = 0;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_typedarray_type type;
  if (napi_get_typedarray_info(env, arguments[1], &type, &length, (void **)&times, NULL, NULL) != napi_ok ||
      type != napi_float64_array || length < 5 || report == NULL) {
    napi_throw_type_error(env, NULL, "fork(options, Float64Array of 5) after acquire()");
    return NULL;
  }
  double keep_fd, stderr_fd, raise, niceness, insist, wait_ms;
  const struct named_number options[] = {{"fd", &keep_fd},        {"errorsFd", &stderr_fd}, {"raiseHeapLimit", &raise},
                                         {"niceness", &niceness}, {"insist", &insist},      {"waitMs", &wait_ms}};
  if (!read_numbers(env, arguments[0], options, sizeof options / sizeof *options)) {
    times[4] = ECANCELED;
    return number(env, -1);
  }
  *report = (struct child_report){0};
  const struct child_setup setup = {
      .parent = getpid(),
      .keep_fd = (int)keep_fd,
      .stderr_fd = (int)stderr_fd,
      .raise_heap_limit = raise != 0 && can_raise_heap_limit(),
      .niceness = (int)niceness,
      .report = report,
  };
  struct fork_times taken;
  const pid_t pid = fork_asleep(&setup, insist != 0, wait_ms, &taken);
  if (pid == 0) return number(env, 0);
  const int error = pid == -1 ? errno : 0;
  if (pid > 0) note_child(pid);
  const double values[] = {taken.threads_ms, taken.mappings_ms, taken.fork_ms, taken.awake, error};
  memcpy(times, values, sizeof values);
  return number(env, pid);
}

/* leave(errno): ends the child; for the child only. */
napi_value leave(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  int32_t error = -1;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_int32(env, argument, &error);
  leave_child(report, error);
}
