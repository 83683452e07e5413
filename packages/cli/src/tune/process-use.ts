import { readFileSync } from 'node:fs';

/** CPU time that a process has used, in milliseconds: proc(5), `utime` and `stime` in ticks of a hundredth of a second. */
export function cpuTimeMs(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
}
