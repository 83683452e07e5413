/* Watching the child, as JavaScript calls it. */
#include "addon.h"

#include <errno.h>

static void run_watch(struct job *job) {
  (void)job;
  restore_marks();
  watch_child(&watch);
  note_child(0);
}

static void tell_watched(napi_env env, napi_value callback, void *context, void *data) {
  (void)context;
  (void)data;
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
    const struct named_number limit[] = {{"stopAboveBytes", &next->stop_above_bytes}};
    if (!read_numbers(env, group, limit, 1)) continue;
    watch.group_count++;
  }
}

/* watch(options, keepAlive, callback(result)): of the child of fork(). Returns an errno; then it is ended and reaped. */
napi_value watch_forked(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  size_t count = 3;
  bool keep_alive = true;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_bool(env, arguments[1], &keep_alive);
  double fd;
  const struct named_number options[] = {
      {"fd", &fd},
      {"stallMs", &watch.stall_ms},
      {"timeoutMs", &watch.timeout_ms},
      {"budgetBytes", &watch.budget_bytes},
      {"leastAvailableBytes", &watch.least_available_bytes},
      {"leastDiskBytes", &watch.least_disk_bytes},
  };
  /* Not `cancelled`: it may have been called off since the fork. */
  const bool read = read_numbers(env, arguments[0], options, sizeof options / sizeof *options);
  watch.disk_fd = (int)fd;
  read_groups(env, arguments[0]);
  const int error = read ? start_job(env, arguments[2], keep_alive, run_watch, tell_watched) : ECANCELED;
  if (error != 0) {
    const int cancelled = atomic_exchange(&watch.cancelled, 1);
    watch_child(&watch);
    note_child(0);
    atomic_store(&watch.cancelled, cancelled);
  }
  return number(env, error);
}

/* cancel(): the child that is being watched is ended; the callback of watch() still comes. */
napi_value cancel(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  atomic_store(&watch.cancelled, 1);
  return NULL;
}
