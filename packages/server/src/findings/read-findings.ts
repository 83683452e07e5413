/** From a body in the shape of a watch report to the findings that are kept of it. What else stands in it is dropped. */
import { ServerError } from '../errors/server-error.ts';
import { identityOfResource, storable, unknownService } from '../ingest/identity.ts';
import { longestText, type ProcessIdentity } from '../ingest/report.ts';
import type { Capture, CodeLocation, ToldFinding } from './finding.ts';

/** A location as `ebb.findings/1` has it. */
export interface LocationBody {
  file: string;
  line: number;
  column?: number;
  repoPath?: string | null;
}

/** A finding as `ebb.findings/1` and `ebb.watch/1` have it, as far as it is read. */
export interface FindingBody {
  fingerprint: string;
  verdict: 'leak' | 'suspect' | 'bounded';
  kind: string;
  title: string;
  subject: string;
  holder: { type: string; name: string; location: LocationBody | null };
  insertedAt?: LocationBody | null;
  package?: string;
  sample?: { type: string };
  retainedBytes?: number;
  growthBytes?: number;
  growthCount?: number;
  entriesPerRequest?: number;
  bytesPerRequest?: number;
  routes?: string[];
}

/** Who tells: by the attributes of an OpenTelemetry resource, or by name; names win. */
export interface FindingsBody {
  resource?: Record<string, string | number | boolean>;
  service?: string;
  namespace?: string;
  environment?: string;
  version?: string;
  revision?: string;
  instance?: string;
  trend?: { bytesPerRequest?: number | null };
  /** What the findings rest on. Those of a watch report have no time, and tell nothing here. */
  captures?: { kind?: string; takenMs?: number; pauseMs?: number }[];
  findings: FindingBody[];
}

/** What was read. */
export interface FindingsIntake {
  identity: ProcessIdentity;
  findings: ToldFinding[];
  /** Findings that say that nothing leaks: there is nothing to keep of them. */
  left: number;
}

const mostRoutes = 20;
const mostCaptures = 20;

/**
 * Reads what was told.
 *
 * @throws {ServerError} EBB_SERVER_BAD_REQUEST when nobody says whose findings they are, or a finding has no fingerprint
 */
export function readFindings(body: FindingsBody): FindingsIntake {
  const identity = identityOf(body);
  const kept = body.findings.filter(({ verdict }) => verdict !== 'bounded');
  const leaks = kept.filter(({ verdict }) => verdict === 'leak');
  const captures = capturesOf(body);
  const findings = kept.map((finding, at): ToldFinding => {
    const { version, revision, instance } = identity;
    const fingerprint = textOf(finding.fingerprint);
    if (fingerprint === '')
      throw new ServerError(
        'EBB_SERVER_BAD_REQUEST',
        `the finding at ${at} has no fingerprint: it cannot be told again`,
      );
    // What all requests add is the one leak's, where there is one only.
    const perRequest = leaks.length === 1 && finding === leaks[0] ? (body.trend?.bytesPerRequest ?? null) : null;
    return {
      ...{ version, revision, instance, fingerprint },
      confirmed: finding.verdict === 'leak',
      kind: textOf(finding.kind),
      title: textOf(finding.title),
      subject: textOf(finding.subject),
      holder: {
        type: textOf(finding.holder.type),
        name: textOf(finding.holder.name),
        location: locationOf(finding.holder.location),
      },
      insertedAt: locationOf(finding.insertedAt ?? null),
      package: finding.package === undefined ? null : textOf(finding.package),
      sampleType: textOf(finding.sample?.type ?? ''),
      retainedBytes: finding.retainedBytes ?? null,
      growthBytes: finding.growthBytes ?? null,
      bytesPerRequest: finding.bytesPerRequest ?? byEntries(finding) ?? perRequest,
      routes: (finding.routes ?? []).slice(0, mostRoutes).map(textOf),
      captures,
    };
  });
  // One that is told twice in a body is one; the first is the most telling.
  const byFingerprint = new Map(findings.toReversed().map((finding) => [finding.fingerprint, finding]));
  return { identity, findings: [...byFingerprint.values()].toReversed(), left: body.findings.length - kept.length };
}

function identityOf({ resource = {}, ...named }: FindingsBody): ProcessIdentity {
  const attributes = Object.entries(resource).map(([key, value]) => [key.replaceAll('.', '_'), String(value)] as const);
  const identity = identityOfResource(new Map(attributes));
  for (const key of ['service', 'namespace', 'environment', 'version', 'instance'] as const) {
    const text = textOf(named[key] ?? '');
    if (text !== '') identity[key] = text;
    if (identity[key].length > longestText)
      throw new ServerError('EBB_SERVER_BAD_REQUEST', `the ${key} is longer than ${longestText} characters`);
  }
  const revision = textOf(named.revision ?? '');
  if (revision !== '') identity.revision = revision;
  if (identity.service === unknownService)
    throw new ServerError(
      'EBB_SERVER_BAD_REQUEST',
      "nobody says whose findings they are: give 'service', or 'resource' with the attribute service.name",
    );
  return identity;
}

/** The newest, the first one first. */
function capturesOf({ captures = [] }: FindingsBody): Capture[] {
  const told = captures.flatMap(({ kind, takenMs, pauseMs = null }): Capture[] =>
    takenMs === undefined || (kind !== 'snapshot' && kind !== 'profile') ? [] : [{ kind, takenMs, pauseMs }],
  );
  return told.sort((a, b) => a.takenMs - b.takenMs).slice(-mostCaptures);
}

/** Entries that a request adds, by what an entry holds. */
function byEntries({ entriesPerRequest, growthBytes, growthCount }: FindingBody): number | null {
  if (entriesPerRequest === undefined || growthBytes === undefined || growthCount === undefined) return null;
  return growthCount > 0 && growthBytes > 0 ? (entriesPerRequest * growthBytes) / growthCount : null;
}

function locationOf(told: LocationBody | null): CodeLocation | null {
  if (told === null) return null;
  const { file, line, column = 1, repoPath = null } = told;
  return { file: textOf(file), line, column, repoPath: repoPath === null ? null : textOf(repoPath) };
}

/** One line that a database keeps. */
function textOf(told: string): string {
  return storable(told).replace(/\s+/g, ' ').trim();
}
