/** `ebb oncall check FILE`, without a server. */
import { checkNode, checkOnCall } from '@ebb/server';
import { printable } from '../wording/printable.ts';

/**
 * Looks whether a plan can be used, and says what it has and what is likely not meant.
 *
 * @throws {Error} EBB_SERVER_ONCALL with everything that is wrong; EBB_SERVER_NODE_VERSION
 */
export async function checkPlan(file: string): Promise<{ text: string; exitCode: number }> {
  checkNode(process.versions.node);
  const { summary, warnings } = await checkOnCall(file, Date.now());
  const lines = [...warnings.map((warning) => `warning: ${warning}`), `${file}: ${summary}`];
  return { text: lines.map((line) => `${printable(line)}\n`).join(''), exitCode: 0 };
}
