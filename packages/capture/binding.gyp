# The forked snapshot: C on Node-API version 8, one binary for Node 20 and later. Built by native/install.mjs.
{
  'targets': [
    {
      'target_name': 'ebb_capture',
      'sources': [
        'native/addon.c',
        'native/call-file.c',
        'native/call-fork.c',
        'native/call-malloc.c',
        'native/call-socket.c',
        'native/call-watch.c',
        'native/child.c',
        'native/fork.c',
        'native/got.c',
        'native/lifetime.c',
        'native/mappings.c',
        'native/threads.c',
        'native/values.c',
        'native/watch.c',
      ],
      'include_dirs': ['<(napi_include_dir)'],
      'defines': ['NAPI_VERSION=8', '_GNU_SOURCE'],
      'cflags': ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror=implicit-function-declaration', '-fvisibility=hidden'],
      # Node unloads an addon with the last thread that loaded it, while a thread of the addon may still run.
      'ldflags': ['-Wl,-z,nodelete'],
      'libraries': ['-lpthread', '-ldl'],
    },
  ],
}
