import { readFileSync } from 'node:fs';

/**
 * Whether this process is in the foreground of its terminal, so that a Ctrl-C there reaches the watched program without
 * Ebb's help (the kernel signals the whole foreground process group, and Ebb starts the program in its own group).
 *
 * Linux tells exactly (`tpgid` and `pgrp` in /proc/self/stat); elsewhere a terminal on standard input or error must do.
 */
export function inForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    // pid (comm) state ppid pgrp session tty_nr tpgid …; the name in brackets may hold anything
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[5] !== '-1' && fields[2] === fields[5];
  } catch {
    return process.stdin.isTTY || process.stderr.isTTY;
  }
}
