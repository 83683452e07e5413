/* What JavaScript calls, as its parts see each other. See src/fork/addon.ts for the types of the calls. */
#ifndef EBB_ADDON_H
#define EBB_ADDON_H

#include "capture.h"

#include <node_api.h>

/* ── values.c: between C and JavaScript ──────────────────────────────────────────────────────────────────────────── */

napi_value number(napi_env env, double value);
napi_value boolean(napi_env env, bool value);
void set_number(napi_env env, napi_value object, const char *name, double value);

struct named_number {
  const char *name;
  double *value;
};

/*
 * False when one is missing or no number; or when this thread is being terminated: it may not ask JavaScript for anything
 * then, in the middle of a call as well, and what was not read is 0, which must not be taken for a process or a file.
 */
bool read_numbers(napi_env env, napi_value object, const struct named_number *numbers, size_t count);
/* Empty where there is no such property; cut to `size`. */
void text_of(napi_env env, napi_value object, const char *name, char *text, size_t size);
void call(napi_env env, napi_value callback, size_t count, const napi_value *values);

/* ── lifetime.c: one capture at a time, and the end of what it holds ─────────────────────────────────────────────── */

/* What the child of the capture under way tells; NULL when there is none under way. */
extern struct child_report *report;
/* Of the child of the capture under way. */
extern struct watch watch;

/* The capture closes the descriptor at its end, however it ends. Returns it, or another one above standard error; or -1. */
int own(int fd);
void close_own(int fd);
/* The child that is alive and to be watched, 0 for none: it is ended with the thread that the capture belongs to. */
void note_child(pid_t pid);

/* A thread of our own that calls back once. */
struct job {
  napi_threadsafe_function callback;
  void (*run)(struct job *job);
  int error;
  bool done;   /* the thread has called back */
  bool closed; /* Node has taken the callback down */
};

/* Starts the thread; `tell` gets the job on the event loop, and may not keep it. 0, or an errno. */
int start_job(napi_env env, napi_value callback, bool keep_alive, void (*run)(struct job *),
              napi_threadsafe_function_call_js tell);

napi_value acquire(napi_env env, napi_callback_info info);
napi_value release(napi_env env, napi_callback_info info);

/* ── call-fork.c ─────────────────────────────────────────────────────────────────────────────────────────────────── */

napi_value prepare(napi_env env, napi_callback_info info);
napi_value fork_child(napi_env env, napi_callback_info info);
napi_value leave(napi_env env, napi_callback_info info);

/* ── call-watch.c ────────────────────────────────────────────────────────────────────────────────────────────────── */

napi_value watch_forked(napi_env env, napi_callback_info info);
napi_value cancel(napi_env env, napi_callback_info info);

/* ── call-file.c ─────────────────────────────────────────────────────────────────────────────────────────────────── */

napi_value memory_file(napi_env env, napi_callback_info info);
napi_value hidden_file(napi_env env, napi_callback_info info);
napi_value name_file(napi_env env, napi_callback_info info);
napi_value close_file(napi_env env, napi_callback_info info);

/* ── call-malloc.c ───────────────────────────────────────────────────────────────────────────────────────────────── */

napi_value trim(napi_env env, napi_callback_info info);

/* ── call-socket.c ───────────────────────────────────────────────────────────────────────────────────────────────── */

napi_value peer_of(napi_env env, napi_callback_info info);
napi_value send_socket(napi_env env, napi_callback_info info);
napi_value receive_socket(napi_env env, napi_callback_info info);

#endif
