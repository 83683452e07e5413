import type { Command } from 'commander';
import { analyzeCommand } from './analyze.ts';
import { auditCommand } from './audit.ts';
import { backupCommand } from './backup.ts';
import { demoCommand } from './demo.ts';
import { deployCommand } from './deploy.ts';
import { incidentCommand } from './incident.ts';
import { judgeCommand } from './judge.ts';
import { logsCommand } from './logs.ts';
import { mcpCommand } from './mcp.ts';
import { postmortemCommand } from './postmortem.ts';
import { reviewCommand } from './review.ts';
import { respondCommand } from './respond.ts';
import { rollbackCommand } from './rollback.ts';
import { restoreCommand } from './restore.ts';
import { snapshotCommand } from './snapshot.ts';
import { soakCommand } from './soak.ts';
import { testCommand } from './test.ts';
import { tuneCommand } from './tune.ts';
import { upCommand } from './up.ts';
import { watchCommand } from './watch.ts';
import { oncallCommand } from './oncall.ts';

/** A command: what it takes and does. What it is asked for ends in an exit code. */
export type MakeCommand = (finish: (exitCode: number) => void) => Command;

/** Every command of `ebb`, in the order of its help. One file a command; adding one is a file and a line here. */
export const COMMANDS: readonly MakeCommand[] = [
  watchCommand,
  analyzeCommand,
  snapshotCommand,
  judgeCommand,
  testCommand,
  reviewCommand,
  auditCommand,
  soakCommand,
  tuneCommand,
  logsCommand,
  upCommand,
  deployCommand,
  incidentCommand,
  postmortemCommand,
  respondCommand,
  rollbackCommand,
  backupCommand,
  restoreCommand,
  mcpCommand,
  oncallCommand,
  demoCommand,
];
