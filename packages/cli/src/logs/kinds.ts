/** Every kind of memory error that is looked for, with what it means and what to do next. */

/** A stable name. */
export type MemoryErrorKind =
  | 'v8-heap-limit'
  | 'worker-heap-limit'
  | 'node-out-of-memory'
  | 'array-buffer-failed'
  | 'listeners-exceeded'
  | 'allocation-failed'
  | 'kernel-oom-global'
  | 'kernel-oom-cgroup'
  | 'systemd-oom'
  | 'container-oom'
  | 'kubernetes-evicted'
  | 'exit-137'
  | 'exit-134'
  | 'recorded-heap-limit'
  | 'recorded-memory-kill'
  | 'recorded-error'
  | 'recorded-end';

/** What a kind is called, and what is said of it. */
export interface KindWords {
  title: string;
  /** One sentence. */
  meaning: string;
  /** One sentence. */
  next: string;
}

export const kinds: Readonly<Record<MemoryErrorKind, KindWords>> = {
  'v8-heap-limit': {
    title: 'heap limit reached',
    meaning: 'The JavaScript heap of the process reached its limit, and V8 ended the process (exit code 134).',
    next: 'Run it under `ebb watch`, or take snapshots with `ebb snapshot --pid` while it grows; a higher --max-old-space-size only buys time if it leaks.',
  },
  'worker-heap-limit': {
    title: 'worker ended at its heap limit',
    meaning:
      "A worker thread reached its own heap limit and was ended; the process goes on if it handles the worker's error.",
    next: 'Look at what the worker keeps between its tasks, or raise its resourceLimits.maxOldGenerationSizeMb.',
  },
  'node-out-of-memory': {
    title: 'ERR_OUT_OF_MEMORY',
    meaning: 'An operation of Node.js asked for more memory than it could get, and threw.',
    next: 'The stack below that line in the log names the operation; limit its size, and see whether RSS was near its limit.',
  },
  'array-buffer-failed': {
    title: 'array buffer allocation failed',
    meaning:
      'A Buffer or typed array could not be allocated: it was larger than allowed, or no memory was left outside of the heap.',
    next: 'If the size was sane, buffers are kept somewhere: watch external memory and array buffers with `ebb watch`.',
  },
  'listeners-exceeded': {
    title: 'too many listeners',
    meaning:
      'More listeners than usual were added to one emitter; often one is added for each request and never removed, which leaks.',
    next: 'Start the program with --trace-warnings to see who adds them, or run it under `ebb watch`.',
  },
  'allocation-failed': {
    title: 'native allocation failed',
    meaning: 'Native code asked for memory and got none, and the process usually ended.',
    next: 'Compare RSS with the heap: if RSS is far above it, native memory grows, and heap snapshots will not show it.',
  },
  'kernel-oom-global': {
    title: 'killed, the machine was out of memory',
    meaning: 'The machine had no memory left and the kernel killed this process, which need not be the one that grew.',
    next: 'Look at what used the memory at that time, and give each service a limit of its own.',
  },
  'kernel-oom-cgroup': {
    title: 'killed at the memory limit of its group',
    meaning: 'The group (container, unit) of this process reached its memory limit and the kernel killed the process.',
    next: 'See with `ebb watch` whether it leaks before the limit is raised; for Node.js, keep --max-old-space-size well below the limit.',
  },
  'systemd-oom': {
    title: 'a unit lost a process to the OOM killer',
    meaning: 'The kernel killed a process of this systemd unit for want of memory.',
    next: "The kernel's own lines just before it name the process and its size; the unit's limit is MemoryMax.",
  },
  'container-oom': {
    title: 'container killed for want of memory',
    meaning: 'A process of this container was killed at the memory limit of the container.',
    next: 'See with `ebb watch` whether it leaks before the limit is raised.',
  },
  'kubernetes-evicted': {
    title: 'pod evicted for memory',
    meaning: 'The node ran low on memory and the kubelet evicted this pod, which need not be the one that grew.',
    next: 'Give pods requests and limits that fit what they use; look at who was above its request on that node.',
  },
  'exit-137': {
    title: 'ended with 137 (SIGKILL)',
    meaning: 'The process was killed by SIGKILL: most often by the OOM killer, but also by a stop that took too long.',
    next: 'Look for a kernel line of the same time (`journalctl -k`), or for OOMKilled in the state of the container.',
  },
  'exit-134': {
    title: 'ended with 134 (SIGABRT)',
    meaning: 'The process aborted: for Node.js most often because its heap reached the limit.',
    next: "Look for 'FATAL ERROR' in the last lines of the process's own standard error.",
  },
  'recorded-heap-limit': {
    title: 'recorded end, out of memory at the heap limit',
    meaning: "The agent's recorder saw the heap nearly full just before the process ended.",
    next: 'Find what holds the memory with `ebb watch`; a higher --max-old-space-size only buys time if it leaks.',
  },
  'recorded-memory-kill': {
    title: 'recorded end, most likely killed for want of memory',
    meaning: "The agent's recorder saw RSS close to the container's limit just before the process ended.",
    next: 'Find what grows with `ebb watch` before the limit is raised; a kernel line of the same time (`journalctl -k`) would prove the kill.',
  },
  'recorded-error': {
    title: 'recorded end, an uncaught error for want of memory',
    meaning: 'An error was not caught that says that memory ran out, or that came while memory was short.',
    next: 'If the size that was asked for was sane, find what holds the memory with `ebb watch`.',
  },
  'recorded-end': {
    title: 'recorded end without a goodbye',
    meaning:
      'The process was killed, or ended by a signal that it does not handle; memory was not short when it was last seen.',
    next: 'See who stopped it. If it was nobody, something may have filled the memory within a second: look at what was in flight.',
  },
};
