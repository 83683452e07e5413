/*
 * V8 marks its heap MADV_DONTFORK, so that a program can start others cheaply. The child needs that heap: for the fork
 * the mark is taken off, and set again after it, on the ranges that had it, so that the program's own
 * child_process.spawn() stays as cheap as it was.
 *
 * Which ranges have the mark stands in /proc/self/smaps only, and reading that takes the time of a walk over all page
 * tables. So a thread of our own reads it shortly before the fork, and takes the mark off what it finds. What V8 maps
 * between that and the fork is marked too: the event loop's own thread then asks once more, for whole stretches of the
 * address space at once. The kernel skips what is not mapped and what has no mark, so that this costs a few
 * milliseconds with the sixteen thousand mappings of 4 GB of heap, where to read /proc/self/maps took thirty. (A version
 * that left out what was mapped meanwhile lost a child now and then by SIGSEGV.)
 *
 * The mark is set again by the thread that watches the child. (V8 maps at random addresses, so that nothing but V8 comes
 * to lie where its mappings were in between.)
 */
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The private anonymous mappings that carried the mark when smaps was read. In order of address. */
static struct ranges marked;
/* Whether the mark has been taken off them. */
static bool taken_off;
/* All of the address space but the mappings that have to keep their mark, or that the kernel refuses to touch. */
static struct ranges stretches;

static int add_range(struct ranges *ranges, uintptr_t start, uintptr_t end) {
  if (ranges->count > 0 && ranges->items[ranges->count - 1].end == start) {
    ranges->items[ranges->count - 1].end = end;
    return 0;
  }
  if (ranges->count == ranges->capacity) {
    size_t capacity = ranges->capacity == 0 ? 1024 : ranges->capacity * 2;
    struct range *items = realloc(ranges->items, capacity * sizeof *items);
    if (items == NULL) return ENOMEM;
    ranges->items = items;
    ranges->capacity = capacity;
  }
  ranges->items[ranges->count++] = (struct range){start, end};
  return 0;
}

void forget_mappings(void) {
  restore_marks();
  free(marked.items);
  free(stretches.items);
  marked = stretches = (struct ranges){0};
}

static const char *hex(const char *at, uintptr_t *value) {
  uintptr_t sum = 0;
  for (;; at++) {
    if (*at >= '0' && *at <= '9') sum = sum * 16 + (uintptr_t)(*at - '0');
    else if (*at >= 'a' && *at <= 'f') sum = sum * 16 + (uintptr_t)(*at - 'a' + 10);
    else break;
  }
  *value = sum;
  return at;
}

static const char *skip_field(const char *at) {
  while (*at != 0 && *at != ' ') at++;
  while (*at == ' ') at++;
  return at;
}

/* "start-end rwxp offset dev inode   name": true when it is private and anonymous, named by [anon:…] or not at all. */
static bool parse_mapping(const char *line, struct range *range) {
  const char *at = hex(line, &range->start);
  if (at == line || *at != '-') return false;
  at = hex(at + 1, &range->end);
  if (*at != ' ') return false;
  const char *mode = at + 1;
  if (strlen(mode) < 4 || mode[3] != 'p') return false;
  const char *inode = skip_field(skip_field(skip_field(mode)));
  if (*inode != '0' || inode[1] > ' ') return false;
  const char *name = skip_field(inode);
  return *name == 0 || strncmp(name, "[anon:", 6) == 0;
}

typedef int (*on_line)(const char *line, void *context);

static int each_line(const char *file, on_line tell, void *context) {
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  enum { SIZE = 1 << 16 };
  char *buffer = malloc(SIZE + 1);
  if (buffer == NULL) {
    close(fd);
    return ENOMEM;
  }
  size_t held = 0;
  int error = 0;
  while (error == 0) {
    ssize_t got = read(fd, buffer + held, SIZE - held);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
    held += (size_t)got;
    char *line = buffer;
    for (char *end; error == 0 && (end = memchr(line, '\n', held - (size_t)(line - buffer))) != NULL; line = end + 1) {
      *end = 0;
      error = tell(line, context);
    }
    held -= (size_t)(line - buffer);
    memmove(buffer, line, held);
    if (held == SIZE) held = 0; /* No line of these files is that long; never loop on one. */
  }
  free(buffer);
  close(fd);
  return error;
}

struct smaps_reader {
  struct range current;
  bool wanted;
};

/* What keeps its mark: shared memory that somebody has marked, and what is mapped from files. */
static bool keeps_mark(const char *flags, bool wanted) { return !wanted && strstr(flags, " dc") != NULL; }

/* Memory of devices, and of the kernel: a call that comes across one of these ends there. */
static bool is_special(const char *flags) {
  static const char *const special[] = {" io", " pf", " de", " mm"};
  for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
    if (strstr(flags, special[i]) != NULL) return true;
  }
  return false;
}

static int read_smaps_line(const char *line, void *context) {
  struct smaps_reader *reader = context;
  /* A mapping begins with its address in lower case; its properties begin with a capital. */
  if (*line < 'A' || *line > 'Z') {
    reader->wanted = parse_mapping(line, &reader->current);
    return 0;
  }
  if (strncmp(line, "VmFlags:", 8) != 0) return 0;
  const char *flags = line + 8;
  if (is_special(flags) || keeps_mark(flags, reader->wanted)) {
    /* The last stretch ends where this begins, and the next one begins where this ends. */
    struct range *last = &stretches.items[stretches.count - 1];
    const uintptr_t end = last->end;
    last->end = reader->current.start;
    return reader->current.end < end ? add_range(&stretches, reader->current.end, end) : 0;
  }
  if (!reader->wanted || strstr(flags, " dc") == NULL) return 0;
  return add_range(&marked, reader->current.start, reader->current.end);
}

static void advise(const struct ranges *ranges, int advice) {
  for (size_t i = 0; i < ranges->count; i++) {
    const struct range range = ranges->items[i];
    /* Fails where nothing is mapped any more, and that is as good. */
    (void)madvise((void *)range.start, range.end - range.start, advice);
  }
}

void restore_marks(void) {
  if (taken_off) advise(&marked, MADV_DONTFORK);
  taken_off = false;
}

int take_marks_off(void) {
  /* Beyond what user space has on x86-64 and arm64 with pages of 4 KB: nothing is mapped there. */
  const uintptr_t end = (uintptr_t)1 << 48;
  restore_marks();
  struct smaps_reader reader = {0};
  marked.count = stretches.count = 0;
  int error = add_range(&stretches, (uintptr_t)sysconf(_SC_PAGESIZE), end);
  if (error == 0) error = each_line("/proc/self/smaps", read_smaps_line, &reader);
  if (error != 0) return error;
  taken_off = true;
  advise(&marked, MADV_DOFORK);
  return 0;
}

static int inherit_mapping(const char *line, void *context) {
  (void)context;
  struct range range;
  if (parse_mapping(line, &range)) (void)madvise((void *)range.start, range.end - range.start, MADV_DOFORK);
  return 0;
}

int take_new_marks_off(void) {
  for (size_t i = 0; i < stretches.count; i++) {
    const struct range range = stretches.items[i];
    /* ENOMEM: not all of it is mapped. Anything else: a mapping of the kernel's has come in between. One by one, then. */
    if (madvise((void *)range.start, range.end - range.start, MADV_DOFORK) == 0 || errno == ENOMEM) continue;
    return each_line("/proc/self/maps", inherit_mapping, NULL);
  }
  return 0;
}
