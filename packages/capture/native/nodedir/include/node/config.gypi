# Read by node-gyp instead of the configuration of the Node that runs it: one addon serves all of them.
{
  'target_defaults': {},
  'variables': {}
}
