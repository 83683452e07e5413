/** Duration, impact and cause: what somebody reads who reads nothing else. */
import { roleWords } from '../../incident/role.ts';
import type { PostmortemFacts } from '../facts.ts';
import { list, plain } from '../markdown.ts';
import { causeSentence } from './cause-section.ts';
import { clockOf, duration, upper } from './words.ts';

/** The section. */
export function summarySection(facts: PostmortemFacts): string {
  const { incident, service, team, times, impact, roles } = facts;
  const clock = clockOf(facts);
  const fromMs = times.startedMs ?? times.detectedMs;
  const length =
    incident.resolvedMs === null
      ? `since ${clock.time(fromMs, true)}; it is open`
      : `${duration(incident.resolvedMs - fromMs)}, from ${clock.time(fromMs, true)} to ${clock.time(incident.resolvedMs, true)}`;
  const began = times.startedMs === null ? ' When it began is not known; it counts from when it was detected.' : '';
  const hit =
    impact === null
      ? 'none was measured: no request was slow or failed more than usually, or nobody told of requests'
      : `for ${duration(impact.all.toMs - impact.all.fromMs)}, ${plain(impact.sentence)}${clientsOf(impact.all)}`;
  const name = [service.namespace, service.name].filter((part) => part !== '').join('/');
  const place = service.environment === '' ? '' : ` (${plain(service.environment)})`;
  const commander = roles.find(({ role }) => role === 'commander');
  return list([
    `**Service:** ${plain(name)}${place}${team.name === null ? '' : `, team ${plain(team.name)}`}`,
    `**Severity:** ${incident.level}`,
    `**Duration:** ${length}.${began}`,
    `**Impact:** ${hit}.`,
    `**Root cause:** ${causeSentence(facts)}.`,
    incident.reopened === 0 ? null : `**It came back** ${incident.reopened} times and counts as one.`,
    commander === undefined ? null : `**${upper(roleWords.commander)}:** ${plain(commander.name)}`,
  ]);
}

function clientsOf({ affectedClients, requests, failed, slow }: NonNullable<PostmortemFacts['impact']>['all']): string {
  const clients = affectedClients === null ? '' : `, about ${counted(affectedClients, 'client')}`;
  return ` (${whole(failed)} failed and ${whole(slow)} slow of ${counted(requests, 'request')}${clients})`;
}

function whole(count: number): string {
  return Math.round(count).toLocaleString('en');
}

function counted(count: number, what: string): string {
  return `${whole(count)} ${what}${Math.round(count) === 1 ? '' : 's'}`;
}
