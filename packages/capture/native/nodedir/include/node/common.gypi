# What node-gyp expects beside Node's headers, in the least form that builds a Node-API addon. With this folder as its
# --nodedir, node-gyp downloads nothing; the headers themselves come from the npm package node-api-headers.
{
  'target_defaults': {
    'default_configuration': 'Release',
    'configurations': {
      'Release': {},
      'Debug': {},
    },
  },
}
