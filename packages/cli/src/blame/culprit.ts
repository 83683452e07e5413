/** Where the culprit stands, and between which versions it came: from a report, or from an incident of a server. */
import { readFileSync } from 'node:fs';
import { CliError } from '../errors/cli-error.ts';
import type { ServerClient } from '../remote/server-client.ts';
import { printable } from '../wording/printable.ts';
import type { Question } from './blame.ts';
import { askGit } from './git.ts';
import type { Repository } from './repository.ts';

interface ToldLocation {
  readonly file: string;
  readonly line: number;
  readonly repoPath?: string | null;
}

interface ToldFinding {
  readonly fingerprint: string;
  readonly verdict?: string;
  readonly confirmed?: boolean;
  readonly holder: { readonly name: string; readonly location: ToldLocation | null };
  readonly insertedAt?: ToldLocation | null;
}

interface ToldAttribution {
  readonly changes: readonly {
    readonly part: string;
    readonly version: string | null;
    readonly revision: string | null;
    readonly without: { readonly version: string } | null;
    readonly with: { readonly version: string } | null;
  }[];
}

/** The part of a question that says where. */
export type Culprit = Pick<Question, 'places' | 'holder' | 'folder'>;

/** A place as it is typed: `src/session-store.ts:57`, or a file alone. */
export function typedPlace(text: string): { file: string; line: number | null } {
  const [, file = text, line] = /^(.+?):(\d{1,9})(?::\d+)?$/u.exec(text) ?? [];
  return { file, line: line === undefined || Number(line) === 0 ? null : Number(line) };
}

/**
 * The culprit of a report: of the finding that is asked for, or of the first that is proven.
 *
 * @throws {CliError} EBB_CLI_BLAME_REPORT
 */
export async function culpritOfReport(
  repository: Repository,
  { file, fingerprint }: { file: string; fingerprint: string | undefined },
): Promise<Culprit> {
  let told: unknown;
  try {
    told = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError('EBB_CLI_BLAME_REPORT', `${printable(file)} cannot be read: ${printable(why)}`, {
      cause: error,
    });
  }
  const findings = (told as { findings?: unknown } | null)?.findings;
  if (!Array.isArray(findings) || !findings.every(isFinding))
    throw new CliError('EBB_CLI_BLAME_REPORT', `${printable(file)} is no report of findings`);
  return await culpritOf(repository, findings, { fingerprint, whose: file });
}

/** What an incident of a server tells: the culprit, and the versions. */
export interface OfIncident extends Culprit {
  readonly from: string | null;
  readonly to: string | null;
}

const monthMs = 30 * 86_400_000;

/** The culprit of an incident, and the versions between which its growth began, as the server judged them. */
export async function culpritOfIncident(
  repository: Repository,
  { client, id, fingerprint }: { client: ServerClient; id: number; fingerprint: string | undefined },
): Promise<OfIncident> {
  const incident = (await client.get(`/api/v1/incidents/${id}`)) as { serviceId: number; openedMs: number };
  const path = `/api/v1/services/${incident.serviceId}/findings`;
  const findings = (await client.get(path, { sinceMs: incident.openedMs - monthMs })) as ToldFinding[];
  const { attribution } = (await client.get(`/api/v1/incidents/${id}/changes`)) as {
    attribution: ToldAttribution | null;
  };
  const culprit = await culpritOf(repository, findings, { fingerprint, whose: `incident ${id}` });
  const guilty = attribution?.changes.find(({ part }) => part === 'guilty');
  const before = guilty?.without?.version ?? null;
  const versionBefore = attribution?.changes.find(({ version }) => version !== null && version === before);
  const named = (text: string | null | undefined): string | null => (text === '' ? null : (text ?? null));
  return {
    ...culprit,
    from: named(versionBefore?.revision) ?? named(before),
    to: named(guilty?.revision) ?? named(guilty?.version ?? guilty?.with?.version),
  };
}

async function culpritOf(
  repository: Repository,
  findings: readonly ToldFinding[],
  { fingerprint, whose }: { fingerprint: string | undefined; whose: string },
): Promise<Culprit> {
  const asked =
    fingerprint === undefined ? findings : findings.filter((finding) => finding.fingerprint.startsWith(fingerprint));
  const located = asked.filter(({ holder, insertedAt }) => (insertedAt ?? holder.location) !== null);
  const proven = located.find(({ verdict, confirmed }) => verdict === 'leak' || confirmed === true);
  const finding = proven ?? located[0];
  if (finding === undefined) {
    const what = fingerprint === undefined ? 'no finding' : `no finding ${printable(fingerprint)}`;
    throw new CliError('EBB_CLI_BLAME_REPORT', `${printable(whose)} has ${what} with a place in the code`);
  }
  const files = (await askGit(repository.root, ['ls-files', '-z', '--full-name', ':/']))?.split('\0') ?? [];
  const placeOf = (role: 'holder' | 'insert', location: ToldLocation | null | undefined): Question['places'] =>
    location == null
      ? []
      : [{ role, file: location.repoPath ?? ownName(location.file, files, repository.root), line: location.line }];
  const name = /[A-Za-z_$][\w$]*$/u.exec(finding.holder.name)?.[0] ?? null;
  return {
    folder: repository.root,
    holder: name,
    places: [...placeOf('insert', finding.insertedAt), ...placeOf('holder', finding.holder.location)],
  };
}

/** What a file of another machine is called here: `/srv/app/src/cart.ts` is `src/cart.ts`, where one file ends so. */
function ownName(file: string, files: readonly string[], root: string): string {
  const path = file.replace(/^file:\/\//u, '').replaceAll('\\', '/');
  if (path.startsWith(`${root}/`) || path.includes('/node_modules/')) return path;
  const parts = path.split('/').filter((part) => part !== '');
  for (let at = 0; at < parts.length; at++) {
    const end = parts.slice(at).join('/');
    if (files.includes(end)) return end;
  }
  return path;
}

function isFinding(value: unknown): value is ToldFinding {
  const one = value as ToldFinding | null;
  const isLocation = (location: unknown): boolean =>
    location == null ||
    (typeof (location as ToldLocation).file === 'string' && Number.isSafeInteger((location as ToldLocation).line));
  return (
    typeof one === 'object' &&
    typeof one?.fingerprint === 'string' &&
    typeof (one.holder as { name?: unknown } | undefined)?.name === 'string' &&
    isLocation(one.holder.location) &&
    isLocation(one.insertedAt)
  );
}
