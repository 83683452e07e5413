/*
 * In the child only the thread that forked exists. Calls that wait for others would wait for ever:
 *
 *   - glibc's pthread_cond_signal and _broadcast wait until earlier waiters have woken, and those are gone;
 *   - a mutex that another thread held at the fork is never unlocked.
 *
 * The program makes these calls through its global offset table, and so does every library of it. Before the fork the
 * slots are found (walking the list of libraries takes a lock of the loader, which the child may not rely on); in the
 * child they are pointed at stand-ins that are right for a process of one thread. Libc's own calls stay: fork() itself
 * makes malloc and stdio usable in the child.
 */
#include "capture.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
#define IS_CALL_SLOT(type) ((type) == R_X86_64_JUMP_SLOT || (type) == R_X86_64_GLOB_DAT)
#elif defined(__aarch64__)
#define IS_CALL_SLOT(type) ((type) == R_AARCH64_JUMP_SLOT || (type) == R_AARCH64_GLOB_DAT)
#else
#error "The forked snapshot knows the relocations of x86-64 and arm64 only."
#endif

static struct child_report *report_of_child;

/* A process of one thread that begins to wait for another will never end: better to say so and be tried again. */
_Noreturn static void deadlock(void) {
  atomic_store(&report_of_child->phase, PHASE_DEADLOCK);
  _exit(4);
}

static int signal_nobody(pthread_cond_t *condition) {
  (void)condition;
  return 0;
}

static int wait_for_nobody(pthread_cond_t *condition, pthread_mutex_t *mutex) {
  (void)condition;
  (void)mutex;
  deadlock();
}

static int join_nobody(pthread_t thread, void **result) {
  (void)thread;
  (void)result;
  deadlock();
}

static int take_semaphore(sem_t *semaphore) {
  if (sem_trywait(semaphore) != 0) deadlock();
  return 0;
}

/* The holder is gone. What the mutex guards may be half changed; then the child fails, and another one is made. */
static int take_mutex(pthread_mutex_t *mutex) {
  int error = pthread_mutex_trylock(mutex);
  if (error != EBUSY) return error;
  atomic_fetch_add(&report_of_child->stolen, 1);
  int *words = (int *)mutex;
#if defined(__GLIBC__)
  /* lock, count, owner, users; the kind stands behind them and stays: a recursive mutex has to stay one. */
  memset(words, 0, 4 * sizeof *words);
#else
  /* musl: the kind is first and stays; then lock and waiters. */
  words[1] = words[2] = 0;
#endif
  return pthread_mutex_trylock(mutex);
}

static void free_rwlock(pthread_rwlock_t *lock) {
  atomic_fetch_add(&report_of_child->stolen, 1);
  memset(lock, 0, sizeof *lock); /* PTHREAD_RWLOCK_INITIALIZER is all zeros in glibc and in musl. */
}

static int take_to_read(pthread_rwlock_t *lock) {
  if (pthread_rwlock_tryrdlock(lock) == 0) return 0;
  free_rwlock(lock);
  return pthread_rwlock_tryrdlock(lock);
}

static int take_to_write(pthread_rwlock_t *lock) {
  if (pthread_rwlock_trywrlock(lock) == 0) return 0;
  free_rwlock(lock);
  return pthread_rwlock_trywrlock(lock);
}

static const struct stand_in {
  const char *name;
  void *function;
} stand_ins[] = {
    {"pthread_cond_signal", (void *)signal_nobody},  {"pthread_cond_broadcast", (void *)signal_nobody},
    {"pthread_cond_wait", (void *)wait_for_nobody},  {"pthread_join", (void *)join_nobody},
    {"sem_wait", (void *)take_semaphore},            {"pthread_mutex_lock", (void *)take_mutex},
    {"pthread_rwlock_rdlock", (void *)take_to_read}, {"pthread_rwlock_wrlock", (void *)take_to_write},
};
enum { STAND_INS = sizeof stand_ins / sizeof *stand_ins, SIGNALS = 2 };

struct slot {
  void **address;
  void *function;
};

static struct slot *slots;
static size_t slot_count, slot_capacity;
static int signal_slots;
static unsigned long long seen_loads, seen_unloads;

static bool add_slot(void **address, int stand_in) {
  if (slot_count == slot_capacity) {
    size_t capacity = slot_capacity == 0 ? 256 : slot_capacity * 2;
    struct slot *grown = realloc(slots, capacity * sizeof *grown);
    if (grown == NULL) return false;
    slots = grown;
    slot_capacity = capacity;
  }
  slots[slot_count++] = (struct slot){address, stand_ins[stand_in].function};
  if (stand_in < SIGNALS) signal_slots++;
  return true;
}

struct library {
  ElfW(Addr) base;
  const ElfW(Sym) * symbols;
  const char *names;
};

static bool scan(const struct library *library, ElfW(Addr) table, size_t bytes) {
  const ElfW(Rela) *entries = (const ElfW(Rela) *)table;
  for (size_t i = 0; table != 0 && i < bytes / sizeof *entries; i++) {
    if (!IS_CALL_SLOT(ELF64_R_TYPE(entries[i].r_info))) continue;
    const char *name = library->names + library->symbols[ELF64_R_SYM(entries[i].r_info)].st_name;
    if (*name != 'p' && *name != 's') continue;
    for (int at = 0; at < STAND_INS; at++) {
      if (strcmp(name, stand_ins[at].name) != 0) continue;
      if (!add_slot((void **)(library->base + entries[i].r_offset), at)) return false;
    }
  }
  return true;
}

static bool is_part_of_libc(const char *name) {
  const char *file = strrchr(name, '/');
  file = file == NULL ? name : file + 1;
  static const char *const own[] = {"libc.so", "libc-", "libc.musl", "ld-", "linux-vdso", "libpthread", "libdl", "librt"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    if (strncmp(file, own[i], strlen(own[i])) == 0) return true;
  }
  return false;
}

static int scan_library(struct dl_phdr_info *info, size_t size, void *failed) {
  (void)size;
  const ElfW(Dyn) *entry = NULL;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC) entry = (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  }
  if (entry == NULL || is_part_of_libc(info->dlpi_name == NULL ? "" : info->dlpi_name)) return 0;
  struct library library = {.base = info->dlpi_addr};
  ElfW(Addr) calls = 0, others = 0;
  size_t calls_bytes = 0, others_bytes = 0;
  bool rela = true;
  for (; entry->d_tag != DT_NULL; entry++) {
    /* glibc has made these addresses absolute; musl leaves them as offsets. */
    ElfW(Addr) address = entry->d_un.d_ptr < info->dlpi_addr ? entry->d_un.d_ptr + info->dlpi_addr : entry->d_un.d_ptr;
    switch (entry->d_tag) {
      case DT_JMPREL: calls = address; break;
      case DT_PLTRELSZ: calls_bytes = entry->d_un.d_val; break;
      case DT_PLTREL: rela = entry->d_un.d_val == DT_RELA; break;
      case DT_RELA: others = address; break;
      case DT_RELASZ: others_bytes = entry->d_un.d_val; break;
      case DT_SYMTAB: library.symbols = (const ElfW(Sym) *)address; break;
      case DT_STRTAB: library.names = (const char *)address; break;
    }
  }
  if (library.symbols == NULL || library.names == NULL) return 0;
  if ((rela && !scan(&library, calls, calls_bytes)) || !scan(&library, others, others_bytes)) *(bool *)failed = true;
  return 0;
}

static int read_counts(struct dl_phdr_info *info, size_t size, void *counts) {
  (void)size;
  ((unsigned long long *)counts)[0] = info->dlpi_adds;
  ((unsigned long long *)counts)[1] = info->dlpi_subs;
  return 1;
}

int find_wait_calls(void) {
  unsigned long long counts[2] = {0, 0};
  dl_iterate_phdr(read_counts, counts);
  if (slot_count > 0 && counts[0] == seen_loads && counts[1] == seen_unloads) return (int)slot_count;
  slot_count = 0;
  signal_slots = 0;
  bool failed = false;
  dl_iterate_phdr(scan_library, &failed);
  if (failed) {
    slot_count = 0;
    return -1;
  }
  seen_loads = counts[0];
  seen_unloads = counts[1];
  return (int)slot_count;
}

int condition_signals(void) { return signal_slots; }

int patch_wait_calls(struct child_report *report) {
  report_of_child = report;
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t writable = 0;
  for (size_t i = 0; i < slot_count; i++) {
    const uintptr_t start = (uintptr_t)slots[i].address & ~(page - 1);
    if (start != writable && mprotect((void *)start, page, PROT_READ | PROT_WRITE) != 0) return -1;
    writable = start;
    *slots[i].address = slots[i].function;
  }
  return (int)slot_count;
}
