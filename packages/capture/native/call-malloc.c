/* What malloc holds though nobody uses it. */
#include "addon.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

/* In a thread of its own: it holds one arena's lock at a time, for as long as the kernel takes that arena's pages. */
static void run_trim(struct job *job) {
  (void)job;
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

static void tell_trimmed(napi_env env, napi_value callback, void *context, void *data) {
  (void)context;
  (void)data;
  if (env != NULL) call(env, callback, 0, NULL);
}

/* trim(callback()): malloc_trim(3). After acquire(), since a thread that holds malloc's lock would keep a fork waiting. */
napi_value trim(napi_env env, napi_callback_info info) {
  napi_value callback;
  size_t count = 1;
  napi_get_cb_info(env, info, &count, &callback, NULL, NULL);
  return number(env, start_job(env, callback, false, run_trim, tell_trimmed));
}
