/* What JavaScript calls, by name. Nothing here throws but on wrong arguments. */
#include "addon.h"

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback function;
  } functions[] = {
      {"acquire", acquire},
      {"release", release},
      {"prepare", prepare},
      {"fork", fork_child},
      {"leave", leave},
      {"watch", watch_forked},
      {"cancel", cancel},
      {"memoryFile", memory_file},
      {"hiddenFile", hidden_file},
      {"nameFile", name_file},
      {"closeFile", close_file},
      {"trim", trim},
      {"peerOf", peer_of},
      {"sendSocket", send_socket},
      {"receiveSocket", receive_socket},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL, &function) != napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, function) != napi_ok) {
      return NULL;
    }
  }
  napi_value libc;
#if defined(__GLIBC__)
  napi_create_string_utf8(env, "glibc", NAPI_AUTO_LENGTH, &libc);
#else
  napi_create_string_utf8(env, "musl", NAPI_AUTO_LENGTH, &libc);
#endif
  napi_set_named_property(env, exports, "libc", libc);
  return exports;
}
