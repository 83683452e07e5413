/** `ebb audit` from its options to its exit code. */
import { valid } from 'semver';
import { readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { CliError } from '../errors/cli-error.ts';
import { checkReportPlace, writeReport } from '../report/write-file.ts';
import { auditNode, leakyPackages, leaksOfNode, type Audit } from './audit.ts';
import { readLeakyVersions } from './leaky-versions.ts';
import { readLockfile } from './lockfile/read-lockfile.ts';
import { renderAudit } from './render.ts';
import { auditSarif } from './sarif.ts';

/** What the command line says. */
export interface AuditRequest {
  readonly json?: boolean;
  readonly sarif?: string;
  /** Leave out what only development needs, as far as the lock file says so. */
  readonly omit?: 'dev';
}

/**
 * Audits a folder, writes what was asked for, prints, and returns the exit code.
 *
 * @throws {CliError} EBB_CLI_AUDIT_NO_LOCKFILE, EBB_CLI_AUDIT_LOCKFILE, EBB_CLI_REPORT_PLACE
 */
export function runAudit(folder: string, request: AuditRequest): number {
  const root = resolve(folder);
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new CliError('EBB_CLI_AUDIT_NO_LOCKFILE', `'${folder}' is no folder`);
  }
  if (request.sarif !== undefined) checkReportPlace(request.sarif);
  const list = readLeakyVersions();
  const { file, text, packages } = readLockfile(root);
  const judged = request.omit === 'dev' ? packages.filter(({ isDev }) => isDev !== true) : packages;
  const running = process.versions.node;
  const audit: Audit = {
    format: 'ebb.audit/1',
    root,
    lockfile: basename(file),
    packages: judged.length,
    unjudged: judged.filter(({ version }) => valid(version) === null).length,
    node: auditNode(running, enginesOf(root), list, new Date().toISOString().slice(0, 10)),
    findings: [...leakyPackages(judged, list.leaks), ...leaksOfNode(running, list.leaks)],
    list: { updated: list.updated, leaks: list.leaks.length },
  };
  if (request.sarif !== undefined) writeReport(request.sarif, auditSarif(audit, text, '0.1.0'));
  const width = process.stdout.isTTY ? Math.max(60, process.stdout.columns) : 120;
  process.stdout.write(`${request.json === true ? JSON.stringify(audit, null, 2) : renderAudit(audit, width)}\n`);
  return audit.findings.length > 0 || audit.node.isOver ? 1 : 0;
}

const manifest = z.object({ engines: z.object({ node: z.string().optional() }).optional() });

/** `engines.node` of the folder's package.json; null where there is none to be read. */
function enginesOf(root: string): string | null {
  try {
    return manifest.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).engines?.node ?? null;
  } catch {
    return null; // the lock file is what is audited
  }
}
