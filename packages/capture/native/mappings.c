/*
 * V8 marks its heap MADV_DONTFORK, so that a program can start others cheaply. The child needs that heap: for the fork
 * the mark is taken off every private anonymous mapping, and set again after it, on the ranges that had it, so that the
 * program's own child_process.spawn() stays as cheap as it was.
 *
 * Which ranges have the mark stands in /proc/self/smaps only, and reading that takes the time of a walk over all page
 * tables. So a thread of our own reads it shortly before the fork. What V8 maps between that and the fork stays
 * without the mark: a few pages more that a later spawn() copies the entries of. (V8 maps at random addresses, so
 * that nothing but V8 comes to lie where its mappings were in between.)
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
  free(marked.items);
  marked = (struct ranges){0};
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

static int read_smaps_line(const char *line, void *context) {
  struct smaps_reader *reader = context;
  /* A mapping begins with its address in lower case; its properties begin with a capital. */
  if (*line < 'A' || *line > 'Z') {
    reader->wanted = parse_mapping(line, &reader->current);
    return 0;
  }
  if (!reader->wanted || strncmp(line, "VmFlags:", 8) != 0) return 0;
  return strstr(line + 8, " dc") == NULL ? 0 : add_range(&marked, reader->current.start, reader->current.end);
}

int find_marked(void) {
  struct smaps_reader reader = {0};
  marked.count = 0;
  return each_line("/proc/self/smaps", read_smaps_line, &reader);
}

struct maps_reader {
  struct ranges *inherit, *restore;
  size_t at_marked;
};

static int read_maps_line(const char *line, void *context) {
  struct maps_reader *reader = context;
  struct range range;
  if (!parse_mapping(line, &range)) return 0;
  int error = add_range(reader->inherit, range.start, range.end);
  size_t *at = &reader->at_marked;
  while (*at < marked.count && marked.items[*at].end <= range.start) (*at)++;
  for (size_t next = *at; error == 0 && next < marked.count && marked.items[next].start < range.end; next++) {
    const struct range had = marked.items[next];
    error = add_range(reader->restore, had.start > range.start ? had.start : range.start,
                      had.end < range.end ? had.end : range.end);
  }
  return error;
}

int find_to_inherit(struct ranges *inherit, struct ranges *restore) {
  inherit->count = restore->count = 0;
  struct maps_reader reader = {.inherit = inherit, .restore = restore};
  return each_line("/proc/self/maps", read_maps_line, &reader);
}

void set_fork_advice(const struct ranges *ranges, bool inherit) {
  for (size_t i = 0; i < ranges->count; i++) {
    const struct range range = ranges->items[i];
    /* Fails where nothing is mapped any more, and that is as good. */
    (void)madvise((void *)range.start, range.end - range.start, inherit ? MADV_DOFORK : MADV_DONTFORK);
  }
}
