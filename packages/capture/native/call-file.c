/* Files that have no name, so that nothing of a failed capture stays. */
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* memoryFile(): the descriptor of a file in memory that nobody else sees, or -1. */
napi_value memory_file(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, own(memfd_create("ebb-capture-errors", MFD_CLOEXEC)));
}

/*
 * hiddenFile(folder): the descriptor of a new file of mode 0600 in the folder that has no name yet, or -errno. Whatever
 * ends the process, nothing of it stays. Not every file system can do this.
 */
napi_value hidden_file(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  char folder[4096] = "";
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_string_utf8(env, argument, folder, sizeof folder, NULL);
  int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) fd = own(fd);
  return number(env, fd >= 0 ? fd : -errno);
}

/* nameFile(fd, file): gives a file of hiddenFile() its name, if nothing has that name. 0, or an errno. */
napi_value name_file(napi_env env, napi_callback_info info) {
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
napi_value close_file(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  int32_t fd = -1;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_int32(env, argument, &fd);
  close_own(fd);
  return NULL;
}
