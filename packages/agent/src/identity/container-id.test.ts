import { describe, expect, it } from 'vitest';
import { containerId } from './container-id.ts';

const id = 'ab'.repeat(32);
const reader =
  (cgroup: string, mountinfo = '') =>
  (file: string): string | null =>
    file === '/proc/self/cgroup' ? cgroup : mountinfo;

describe('containerId', () => {
  it.each([
    ['docker on cgroup v1', `12:memory:/docker/${id}\n11:cpu:/docker/${id}`],
    ['Kubernetes with containerd', `0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope`],
    ['Kubernetes with crio', `1:name=systemd:/kubepods/burstable/pod1/crio-${id}.scope`],
    ['Podman', `0::/machine.slice/libpod-${id}.scope`],
  ])('is read from the group with %s', (_, cgroup) => {
    expect(containerId(reader(cgroup))).toBe(id);
  });

  it('is read from the mounts where the group is its own root', () => {
    const mounts = `555 1 0:1 / / rw - overlay overlay rw
600 555 254:1 /docker/volumes/${'cd'.repeat(32)}/_data /data rw - ext4 /dev/vda1 rw
653 555 254:1 /var/lib/docker/containers/${id}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw`;
    expect(containerId(reader('0::/', mounts))).toBe(id);
  });

  it('is unknown on a plain machine', () => {
    expect(
      containerId(reader('0::/user.slice/session-1.scope', '25 30 0:23 / /sys rw - sysfs sysfs rw')),
    ).toBeUndefined();
    expect(containerId(() => null)).toBeUndefined();
  });
});
