/** How much memory another process can still take before its container or the machine is full. */
import { freeMemoryBytes } from '../memory-limit.ts';
import { readText } from '../read-text.ts';
import { sharesNamespace } from './target-process.ts';

/** Bytes; null where nobody knows. Never throws. */
export function targetFreeMemoryBytes(pid: number): number | null {
  // With a cgroup namespace of its own, the process is at the root of what it sees.
  const own = sharesNamespace(pid, 'cgroup') !== false;
  return freeMemoryBytes((file) => {
    if (file === '/proc/self/cgroup') return own ? readText(`/proc/${pid}/cgroup`) : '0::/\n1:memory:/\n';
    return readText(own || !file.startsWith('/sys/') ? file : `/proc/${pid}/root${file}`);
  });
}
