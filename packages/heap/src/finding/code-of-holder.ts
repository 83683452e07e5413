/** The lines of code that declare a holder, add to it, and take out of it. */
import {
  chainingLine,
  declarationLine,
  insertionLine,
  registrationLine,
  removalLines,
  timerLine,
  waitLine,
} from '../naming/lines-of-code.ts';
import { isNodeInternal } from '../naming/locator.ts';
import type { OriginalName } from '../naming/bundled-names.ts';
import type { SourceFiles, SourcePosition } from '../naming/source-files.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { Stop, Story } from '../path/story.ts';
import type { FindingKind, Location, Place } from './finding.ts';
import { eventOf } from './holder-name.ts';

/** Lines of one holder. */
export interface Code {
  declared: Location | undefined;
  insertedAt: Location | null;
  removedAt: Location[] | null;
}

/** Finds the holder's lines in the files of the code around it, the nearest file first. */
export function codeOf(input: OpenedHeap, story: Story, named: Stop | undefined, kind: FindingKind): Code {
  const { sources, locator } = input;
  const files = [...new Set([...(named?.declared ? [named.declared.file] : []), ...filesAround(story)])];
  const at = (file: string, line: number): Location =>
    locator.toLocation({ file, line, column: firstColumn(sources, file, line) });
  let declared: Location | undefined = named?.declared && locator.toLocation(placeOf(named.declared));
  let insertedAt: Location | null = null;
  let removedAt: Location[] | null = null;
  for (const file of files) {
    if (!named) break;
    const declaration = declarationLine(sources, file, named.name);
    const insertion =
      (kind === 'promise' ? chainingLine(sources, file, named.name) : undefined) ??
      insertionLine(sources, file, named.name);
    if (declaration === undefined && insertion === undefined) continue;
    declared ??= declaration === undefined ? undefined : at(file, declaration);
    insertedAt ??= insertion === undefined ? null : at(file, insertion);
    removedAt ??= removalLines(sources, file, named.name).map((line) => at(file, line));
    if (declared && insertedAt) break;
  }
  if (kind === 'listener') insertedAt = registeredAt(input, story, eventOf(story, kind)) ?? insertedAt;
  insertedAt ??= madeAt(input, story, kind);
  return { declared, insertedAt, removedAt };
}

function placeOf({ file, line, column }: OriginalName): SourcePosition {
  return { file, line, column };
}

/** Where the leaked listener was registered: by the function that piled up, in its own file. */
function registeredAt(input: OpenedHeap, { stops, holderAt }: Story, event: string | undefined): Location | null {
  const listener = stops.slice(holderAt + 1).find((stop) => stop.site && !isNodeInternal(stop.site.script));
  if (!listener?.site) return null;
  const { location } = listener.site;
  const line = registrationLine(input.sources, location.file, event ?? 'abort', location.line);
  return line === undefined
    ? location
    : input.locator.toLocation({ file: location.file, line, column: firstColumn(input.sources, location.file, line) });
}

/** Where a timer was started, a promise waited for, or a closure made that holds the one before: at what piled up. */
function madeAt(input: OpenedHeap, { stops, holderAt }: Story, kind: FindingKind): Location | null {
  if (kind !== 'timer' && kind !== 'promise' && kind !== 'closure') return null;
  const made = stops.slice(holderAt).find((stop) => stop.site && !isNodeInternal(stop.site.script) && isCode(stop));
  if (!made?.site) return null;
  const { location } = made.site;
  if (kind === 'closure') return location;
  const line =
    kind === 'timer'
      ? timerLine(input.sources, location.file, location.line, made.type.replace(/^function ?/, ''))
      : waitLine(input.sources, location.file, location.line, made.type.startsWith('Generator'));
  return line === undefined
    ? location
    : input.locator.toLocation({ file: location.file, line, column: firstColumn(input.sources, location.file, line) });
}

function isCode({ type }: Stop): boolean {
  return type.startsWith('function') || type.startsWith('Generator');
}

/** Files of the code around the holder: from the holder upwards, then below it. */
function filesAround({ stops, holderAt }: Story): string[] {
  const order = [...stops.slice(0, holderAt + 1).reverse(), ...stops.slice(holderAt + 1)];
  const files = order.flatMap((stop) =>
    stop.site && !isNodeInternal(stop.site.script) ? [stop.site.location.file] : [],
  );
  return [...new Set(files)];
}

function firstColumn(sources: SourceFiles, file: string, line: number): number {
  return (sources.lines(file)?.[line - 1]?.search(/\S/) ?? 0) + 1;
}

/** The location of the holder's nearest code: its own or above it, else below; Node's own where there is no other. */
export function nearestLocation(places: Place[], { stops, holderAt }: Story): Location | null {
  for (let at = holderAt; at >= 0; at--) {
    const location = places[at].location;
    if (location && !isNodeInternal(stops[at].site?.script ?? location.file)) return location;
  }
  for (let at = holderAt + 1; at < places.length; at++) {
    const location = places[at].location;
    if (location && !isNodeInternal(location.file)) return location;
  }
  return (
    places.slice(0, holderAt + 1).findLast((place) => place.location)?.location ??
    places.find((place) => place.location)?.location ??
    null
  );
}
