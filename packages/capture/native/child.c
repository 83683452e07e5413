/*
 * What the child does before it goes back to JavaScript, in this order: signal handlers first, because Node's write
 * into a pipe that parent and child share; then the sockets, so that connections that the parent closes are closed;
 * then what keeps the child from waiting for ever; and only then the lower priority.
 */
#include "capture.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

_Noreturn void leave_child(struct child_report *report, int error) {
  atomic_store(&report->error, error);
  atomic_store(&report->phase, PHASE_DONE);
  _exit(error == 0 ? 0 : 3);
}

static void reset_signals(void) {
  /* Sent to a whole group, or meant for the parent: none of the child's business, and no reason to die. */
  static const int ignored[] = {SIGPIPE, SIGXFSZ, SIGPROF, SIGUSR1, SIGUSR2, SIGHUP, SIGALRM, SIGVTALRM, SIGTTOU, SIGTTIN, SIGTSTP};
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
}

static void close_sockets(int keep_fd) {
  int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  DIR *folder = opendir("/proc/self/fd");
  if (folder == NULL) _exit(5);
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    int fd = atoi(entry->d_name);
    struct stat status;
    if (entry->d_name[0] == '.' || fd == dirfd(folder) || fd == keep_fd || fd == nowhere) continue;
    if (fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode)) continue;
    /* Something else must not become standard input by its number. */
    if (fd <= 2 && nowhere >= 0) dup2(nowhere, fd);
    else close(fd);
  }
  closedir(folder);
  if (nowhere > 2) close(nowhere);
}

/* What V8 and Node say in a crash must not stand in the parent's log: it would tell of an end that did not come. */
static void redirect_output(int stderr_fd) {
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) dup2(nowhere, 1);
  if (stderr_fd >= 0 || nowhere >= 0) dup2(stderr_fd >= 0 ? stderr_fd : nowhere, 2);
  if (nowhere > 2) close(nowhere);
}

static void write_text(const char *file, const char *text) {
  int fd = open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t ignored = write(fd, text, strlen(text));
  (void)ignored;
  close(fd);
}

static void step_back(int niceness) {
  /* Back, never forward: root may, and the child of a program that stands back itself would overtake it. */
  if (niceness > getpriority(PRIO_PROCESS, 0)) setpriority(PRIO_PROCESS, 0, niceness);
  /* Class 3 is idle; 1 says "a process". There is no wrapper in libc. */
  syscall(SYS_ioprio_set, 1, 0, 3 << 13);
  write_text("/proc/self/oom_score_adj", "1000");
  /* No core dump. 1 and not 0: it also keeps the kernel from starting a program that takes dumps from a pipe. */
  setrlimit(RLIMIT_CORE, &(struct rlimit){1, 1});
  prctl(PR_SET_NAME, "ebb-snapshot");
}

/*
 * The collection at the start of a snapshot can need more than the heap limit leaves. V8 then asks this callback what
 * the new limit shall be. That is C++, not Node-API, but Node exports the two functions, and their names and the way
 * they are called have been the same from Node 20 to 26. They are called in the child only: should it fail, the child
 * does. They are looked up in the parent, because the lookup takes a lock of the loader.
 */
typedef size_t (*near_heap_limit)(void *data, size_t current, size_t initial);
static void *(*current_isolate)(void);
static void (*add_near_heap_limit_callback)(void *isolate, near_heap_limit callback, void *data);

static size_t raise_limit(void *data, size_t current, size_t initial) {
  (void)data;
  (void)initial;
  return current + current / 2;
}

bool can_raise_heap_limit(void) {
  *(void **)&current_isolate = dlsym(RTLD_DEFAULT, "_ZN2v87Isolate10GetCurrentEv");
  *(void **)&add_near_heap_limit_callback =
      dlsym(RTLD_DEFAULT, "_ZN2v87Isolate24AddNearHeapLimitCallbackEPFmPvmmES1_");
  return current_isolate != NULL && add_near_heap_limit_callback != NULL;
}

void become_child(const struct child_setup *setup) {
  reset_signals();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != setup->parent) _exit(5); /* The parent ended before that took effect. */
  close_sockets(setup->keep_fd);
  redirect_output(setup->stderr_fd);
  const int patched = patch_wait_calls(setup->report);
  if (patched < 0) _exit(5);
  atomic_store(&setup->report->patched, patched);
  step_back(setup->niceness);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (setup->raise_heap_limit) add_near_heap_limit_callback(current_isolate(), raise_limit, NULL);
  atomic_store(&setup->report->phase, PHASE_READY);
}
