/**
 * Deployments as GitHub's webhooks tell them (events `deployment` and `deployment_status`). A body is believed by its HMAC alone
 * (`X-Hub-Signature-256`); the headers beside it are signed by nobody. What is sent again is the same change, so a replay changes
 * nothing; one that is older than a day is refused.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { NewChange } from '../changes/change.ts';
import { ServerError } from '../errors/server-error.ts';
import { longestSummary, named } from './change-event.ts';
import { storable } from './identity.ts';
import { longestText } from './report.ts';
import { webUrl } from './alertmanager.ts';

/** GitHub tries again for a while, and a person may press *Redeliver*; what is older is an old body. */
const oldestMs = 24 * 3_600_000;
const mostAheadMs = 10 * 60_000;

/**
 * Checks who signed the body.
 *
 * @throws {ServerError} EBB_SERVER_SIGNATURE where it is not signed with the secret
 */
export function checkSignature(body: Buffer, signature: string | string[] | undefined, secret: string): void {
  const told = typeof signature === 'string' ? /^sha256=([0-9a-f]{64})$/.exec(signature) : null;
  if (told === null) throw new ServerError('EBB_SERVER_SIGNATURE', 'there is no signature in x-hub-signature-256');
  const own = createHmac('sha256', secret).update(body).digest();
  if (!timingSafeEqual(own, Buffer.from(told[1], 'hex')))
    throw new ServerError('EBB_SERVER_SIGNATURE', 'the body is not signed with the secret of this server');
}

/**
 * The change that a webhook tells; null for what is none: a ping, a deployment that has not succeeded (yet).
 *
 * @param wanted whose it is, where the webhook's URL says so; else it is the repository's name
 * @throws {ServerError} EBB_SERVER_BAD_REQUEST when it is no deployment, or older than a day
 */
export function readGithub(
  body: Buffer,
  wanted: { service: string | undefined; environment: string | undefined },
  nowMs: number,
): NewChange | null {
  let told: unknown;
  try {
    told = JSON.parse(body.toString('utf8'));
  } catch {
    throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the body is no JSON');
  }
  const event = objectIn(told);
  // The body says what it is; the header beside it is not signed.
  if ('zen' in event && !('deployment' in event)) return null;
  const deployment = objectIn(event['deployment']);
  const sha = textIn(deployment['sha']);
  if (sha === '') throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the body tells of no deployment with a commit');
  const status = objectIn(event['deployment_status']);
  if (textIn(status['state']) !== 'success') return null;
  const timeMs = timeIn(status, nowMs);
  const repository = objectIn(event['repository']);
  const environment = wanted.environment ?? textIn(deployment['environment']);
  const ref = textIn(deployment['ref']);
  const description = textIn(deployment['description']);
  const href = ['log_url', 'target_url', 'environment_url']
    .map((name) => webUrl(status[name]))
    .find((url) => url !== null);
  const what =
    description === '' ? `${ref === '' ? sha.slice(0, 12) : ref} to ${environment || 'an environment'}` : description;
  return {
    service: named({ service: wanted.service ?? textIn(repository['name']), namespace: '', environment }),
    timeMs,
    timeTold: true,
    kind: 'deploy',
    summary: `deployed ${what}`.slice(0, longestSummary),
    source: `GitHub ${textIn(repository['full_name'])}`.trim().slice(0, longestText),
    version: versionIn(ref),
    revision: sha.slice(0, longestText),
    links: href === undefined ? [] : [{ href, text: 'the deployment' }],
  };
}

/** A tag that is a version; branches and commits are none. */
function versionIn(ref: string): string | null {
  const match = /^(?:refs\/tags\/)?v?(\d+\.\d+(?:\.\d+)?(?:[-+][\w.-]+)?)$/.exec(ref);
  return match === null ? null : match[1].slice(0, longestText);
}

function timeIn(status: Record<string, unknown>, nowMs: number): number {
  const told = status['updated_at'] ?? status['created_at'];
  const timeMs = typeof told === 'string' ? Date.parse(told) : NaN;
  if (Number.isNaN(timeMs)) throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the deployment has no time');
  if (timeMs < nowMs - oldestMs)
    throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the deployment is older than a day: an old message, sent again?');
  if (timeMs > nowMs + mostAheadMs)
    throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the deployment is told to be in the future');
  return timeMs;
}

function objectIn(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? storable(value.slice(0, 2000)).replace(/\s+/g, ' ').trim() : '';
}
