/**
 * The id of the container that this process runs in, as OpenTelemetry's `container.id`: 64 hexadecimal digits.
 *
 * cgroup v1 names the container in `/proc/self/cgroup`. With v2 the process sees its own group as the root, and the id
 * shows only in `/proc/self/mountinfo`, where the runtime has mounted the container's `hostname` or `resolv.conf`.
 */
import type { ReadText } from './read-text.ts';

const id = /[0-9a-f]{64}/;

/** The id; undefined outside of containers, and where the runtime does not show it. */
export function containerId(read: ReadText): string | undefined {
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    // A line ends in the container's group: …/docker/ID, …/kubepods/…/ID, …/cri-containerd-ID.scope
    const last = line.split('/').at(-1) ?? '';
    const found = id.exec(last)?.[0];
    if (found !== undefined) return found;
  }
  for (const line of (read('/proc/self/mountinfo') ?? '').split('\n')) {
    if (!/ \/etc\/(?:hostname|hosts|resolv\.conf) /.test(line)) continue;
    const found = /\/(?:containers|sandboxes|overlay-containers)\/([0-9a-f]{64})\//.exec(line)?.[1];
    // A pod's sandbox is shared by its containers.
    if (found !== undefined && !line.includes('/sandboxes/')) return found;
  }
  return undefined;
}
