// The file that a watched program loads with `--require`, before its own code.
//
// It must be invisible: it throws nothing, prints nothing and keeps nothing alive. The agent
// proper is loaded from an unref'ed timer, so a program that ends at once never pays for it.
const socketPath = process.env['EBB_AGENT_SOCKET'];
if (socketPath !== undefined && socketPath !== '') {
  void 0;
}
