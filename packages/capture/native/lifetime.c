/*
 * One capture at a time in a process, and the end of what it holds: by release(), or with the thread that it belongs to.
 *
 * A worker thread can be terminated in the middle of a capture, and nobody calls release() then. So the end of the thread
 * ends the child, and the last of our own threads that still works for it lets go of the rest.
 */
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_bool busy;
struct child_report *report;
struct watch watch;
static atomic_int living;
/* Whose process this is: the child has a copy of all this, and must not act on it. */
static pid_t owner;

/* Guards what follows. */
static pthread_mutex_t state = PTHREAD_MUTEX_INITIALIZER;
static int jobs;
static bool orphaned;
static int own_fds[4] = {-1, -1, -1, -1};

int own(int fd) {
  /* A program may have closed its standard output; what stands in its place is written to by everybody. */
  if (fd >= 0 && fd <= STDERR_FILENO) {
    const int above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int error = errno;
    close(fd);
    errno = error;
    fd = above;
  }
  pthread_mutex_lock(&state);
  for (size_t i = 0; fd >= 0 && i < sizeof own_fds / sizeof *own_fds; i++) {
    if (own_fds[i] >= 0) continue;
    own_fds[i] = fd;
    break;
  }
  pthread_mutex_unlock(&state);
  return fd;
}

void close_own(int fd) {
  pthread_mutex_lock(&state);
  for (size_t i = 0; fd >= 0 && i < sizeof own_fds / sizeof *own_fds; i++) {
    if (own_fds[i] != fd) continue;
    own_fds[i] = -1;
    close(fd);
  }
  pthread_mutex_unlock(&state);
}

void note_child(pid_t pid) {
  atomic_store(&living, pid);
  if (pid > 0) watch.pid = pid;
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

/* Called with the thread that the capture belongs to, when it ends before the capture. */
static void end_with(void *data) {
  (void)data;
  /* A termination that was asked for in the moment of the fork takes effect in the child too: it has nothing to do. */
  if (getpid() != owner) _exit(5);
  /* The thread that watches the child ends it: only that one knows whether its id is still the child's. */
  atomic_store(&watch.cancelled, 1);
  pthread_mutex_lock(&state);
  if (jobs > 0) {
    orphaned = true;
  } else {
    /* Forked, and not watched yet. */
    const int pid = atomic_exchange(&living, 0);
    if (pid > 0) kill(pid, SIGKILL);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
    release_all();
  }
  pthread_mutex_unlock(&state);
}

/* acquire(): whether no other capture is under way. From now on the end of this thread or process ends the capture. */
napi_value acquire(napi_env env, napi_callback_info info) {
  (void)info;
  bool free = false;
  if (!atomic_compare_exchange_strong(&busy, &free, true)) return boolean(env, false);
  report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (report == MAP_FAILED) {
    report = NULL;
    atomic_store(&busy, false);
    return boolean(env, false);
  }
  atomic_store(&watch.cancelled, 0);
  owner = getpid();
  /* Without it nobody would end what a thread leaves behind that is terminated. */
  if (napi_add_env_cleanup_hook(env, end_with, NULL) != napi_ok) {
    munmap(report, sizeof *report);
    report = NULL;
    atomic_store(&busy, false);
    return boolean(env, false);
  }
  return boolean(env, true);
}

/* release(): ends what acquire() began. */
napi_value release(napi_env env, napi_callback_info info) {
  (void)info;
  napi_remove_env_cleanup_hook(env, end_with, NULL);
  pthread_mutex_lock(&state);
  release_all();
  pthread_mutex_unlock(&state);
  return NULL;
}

/*
 * The callback belongs to Node, which takes it down with the thread that it was made in, while ours may still run. It says
 * so first, and the job lives until both are done with it.
 */
static void close_job(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct job *job = data;
  pthread_mutex_lock(&state);
  job->closed = true;
  if (job->done) free(job);
  pthread_mutex_unlock(&state);
}

static void *run_job(void *data) {
  struct job *job = data;
  job->run(job);
  pthread_mutex_lock(&state);
  jobs--;
  job->done = true;
  if (job->closed) {
    free(job);
  } else if (napi_call_threadsafe_function(job->callback, job, napi_tsfn_nonblocking) != napi_closing) {
    napi_release_threadsafe_function(job->callback, napi_tsfn_release);
  }
  if (orphaned && jobs == 0) release_all();
  pthread_mutex_unlock(&state);
  return NULL;
}

int start_job(napi_env env, napi_value callback, bool keep_alive, void (*run)(struct job *),
              napi_threadsafe_function_call_js tell) {
  struct job *job = calloc(1, sizeof *job);
  napi_value name;
  napi_create_string_utf8(env, "ebb-capture", NAPI_AUTO_LENGTH, &name);
  if (job == NULL) return ENOMEM;
  job->run = run;
  if (napi_create_threadsafe_function(env, callback, NULL, name, 0, 1, job, close_job, NULL, tell, &job->callback) != napi_ok) {
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
    job->done = true;
    pthread_mutex_unlock(&state);
    napi_release_threadsafe_function(job->callback, napi_tsfn_abort);
  }
  return error;
}
