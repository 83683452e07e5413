/** What people call a holder, and what makes it the same one in the next run: its name, its event, its scope. */
import { isNodeInternal } from '../naming/locator.ts';
import type { Stop, Story } from '../path/story.ts';
import type { FindingKind, Place } from './finding.ts';

const PLUMBING_NAMES = new Set([
  'root',
  'next',
  'head',
  'tail',
  'value',
  'context',
  'extension',
  'previous',
  'prev',
  '_idleNext',
  '_idlePrev',
  'reactions_or_result',
]);

/** The stop by whose name people know the holder: itself, or the nearest above that has a name of its own. */
export function namedStop({ stops, holderAt }: Story): Stop | undefined {
  for (let at = holderAt; at >= Math.max(0, holderAt - 3); at--) {
    const { edge } = stops[at];
    if (edge !== '' && !edge.startsWith('[') && !PLUMBING_NAMES.has(edge)) return stops[at];
  }
  return undefined;
}

/** The holder in a person's words: `sessions (Map)`, `listeners of "order:paid" on bus (EventEmitter)`. */
export function subjectOf(story: Story, holder: Place, kind: FindingKind): string {
  const named = holder.name === holder.type ? `a ${holder.type}` : `${holder.name} (${holder.type})`;
  if (kind === 'timer' && isTimerList(story)) return timersSubject(story);
  if (kind !== 'listener') return named;
  const event = eventOf(story, kind);
  const emitter = emitterOf(story, kind);
  return `listeners${event === undefined ? '' : ` of "${event}"`}${emitter ? ` on ${emitter.name} (${emitter.type})` : ''}`;
}

/** Node keeps timers in lists of its own: what holds one is that nobody cleared it. */
export function isTimerList(story: Story): boolean {
  return timerListAt(story) >= 0;
}

function timerListAt({ stops, holderAt }: Story): number {
  return stops.slice(0, holderAt + 1).findIndex(({ type, edge }) => type === 'TimersList' || edge === 'timerListMap');
}

/** Whoever keeps a reference to `setTimeout` reaches all timers, and holds none: the way begins at Node's list. */
export function fromTimerList(story: Story): Story {
  const from = Math.max(0, timerListAt(story));
  return { ...story, stops: story.stops.slice(from), holderAt: story.holderAt - from };
}

function timersSubject({ stops }: Story): string {
  const callback = stops.find(({ edge }) => edge === '_onTimeout');
  const name = callback && /^function (.+)$/.exec(callback.type)?.[1];
  return name === undefined ? 'timers' : `timers of ${name}()`;
}

/** What the listeners hang on: the nearest object above them that the program has a name for. */
export function emitterOf(story: Story, kind: FindingKind): Stop | undefined {
  const event = eventOf(story, kind);
  return story.stops
    .slice(0, story.holderAt + 1)
    .findLast((stop) => !LISTENER_TABLES.has(stop.edge) && stop.name !== stop.type && stop.edge !== event);
}

const EVENT_TABLES = new Set(['_events', 'kEvents']);
const LISTENER_TABLES = new Set([
  ...EVENT_TABLES,
  '#signal',
  'root',
  'listeners',
  '_listeners',
  '__listeners',
  '#listeners',
]);

/** The class or function that declares the holder. */
export function scopeOf({ stops, holderAt }: Story): string {
  // Node's own classes have other names in other versions.
  const above = stops
    .slice(0, holderAt)
    .findLast((stop) => stop.site !== undefined && !isNodeInternal(stop.site.script));
  return !above || above.type === 'scope' || above.type === 'module' ? 'module' : above.type;
}

/** The event that a listener waits for: the name just below the listeners' table. */
export function eventOf({ stops, holderAt }: Story, kind: FindingKind): string | undefined {
  if (kind !== 'listener') return undefined;
  const at = stops.findIndex((stop) => EVENT_TABLES.has(stop.edge));
  const event = at >= 0 ? stops[at + 1]?.edge : undefined;
  return event !== undefined && !event.startsWith('[') && at + 1 <= holderAt + 1 ? event : undefined;
}
