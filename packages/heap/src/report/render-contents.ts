/** What a heap holds, on one screen: only what is worth a line, each with how much, who holds it, and where. */
import type { ClassRow, HeapContents, KeptContext, OverAllocated } from '../contents/contents.ts';
import { INTERNAL } from '../contents/references.ts';
import type { Location, Place } from '../finding/finding.ts';
import { humanBytes, shortLocation } from '../finding/title.ts';
import { isNodeInternal } from '../naming/locator.ts';
import { packageOf } from '../naming/project.ts';
import { type Paint, painter } from './paint.ts';
import type { RenderOptions } from './render-findings.ts';
import { columnsOf, cut, plain, wrap } from './text.ts';

/** Less than this share of the heap is worth no line. */
const LEAST_SHARE = 0.01;
const MOST_LINES = 3;
const OWN_CLASSES = 5;
const MOST_CLASSES = 10;
const LEAST_WIDTH = 40;
const BYTES_WIDTH = 9;
const MOST_LINES_OF_A_TEXT = 2;

interface Page {
  paint: Paint;
  width: number;
  /** What is less is not told. */
  leastBytes: number;
  heapBytes: number;
}

/** A line of a section: what it is worth, and what it says. */
interface Line {
  bytes: number;
  text: string;
  location: Location | null;
}

/** The contents as text, without a newline at its end. Names that come from the heap can hold no control characters. */
export function renderContents(contents: HeapContents, options: Pick<RenderOptions, 'color' | 'width'>): string {
  const { totals } = contents;
  const page: Page = {
    paint: painter(options.color),
    width: Math.max(LEAST_WIDTH, options.width),
    leastBytes: totals.bytes * LEAST_SHARE,
    heapBytes: totals.bytes,
  };
  const blocks = [
    summary(contents, page),
    classTable(contents.classes, page),
    section(
      page,
      'duplicated strings',
      `${bytesAndShare(contents.duplicatedStrings.wastedBytes, page)} in copies: keep one of each text`,
      duplicates(contents),
    ),
    section(page, 'buffers', `${bytesAndShare(contents.buffers.bytes, page)} outside the objects`, [
      ...slabs(contents),
      ...buffers(contents),
    ]),
    section(
      page,
      'more room than content',
      `${bytesAndShare(contents.overAllocated.wastedBytes, page)} more than what is in them needs`,
      collections(contents),
    ),
    section(
      page,
      'scopes kept by a small function',
      'its scope keeps every variable that any function in it uses',
      scopes(contents),
    ),
    section(page, 'contexts of vm', 'each with its own copy of the language', globals(contents)),
  ].filter((lines) => lines.length > 0);
  return blocks.map((lines) => lines.join('\n')).join('\n\n');
}

function summary({ totals }: HeapContents, { paint, width, leastBytes }: Page): string[] {
  const kinds = totals.byKind
    .filter(({ bytes }) => bytes >= leastBytes)
    .map(({ kind, bytes }) => `${kind} ${humanBytes(bytes)}`)
    .join(', ');
  const heading = 'CONTENTS';
  const text = `${humanBytes(totals.bytes)} in ${count(totals.objects)} objects: ${plain(kinds)}`;
  const indent = ' '.repeat(heading.length + 2);
  return wrap(text, width - indent.length).map((line, at) =>
    at === 0 ? `${paint.strong(heading)}  ${line}` : indent + line,
  );
}

/** The reader's own classes by what they retain, then whatever takes most itself. */
function classTable(classes: ClassRow[], { paint, width, leastBytes }: Page): string[] {
  const own = classes
    .filter((row) => isOwn(row.location) && row.retainedBytes >= leastBytes)
    .sort((a, b) => b.retainedBytes - a.retainedBytes)
    .slice(0, OWN_CLASSES);
  const others = classes
    .filter((row) => !own.includes(row))
    .sort((a, b) => b.shallowBytes - a.shallowBytes)
    .slice(0, MOST_CLASSES - own.length);
  const rows = [...own, ...others];
  if (rows.length === 0) return [];
  const widest = Math.max(...rows.map(({ type }) => columnsOf(plain(type))), 'class'.length);
  const name = Math.max(7, Math.min(widest, width - 2 - 11 - 2 * (BYTES_WIDTH + 1)));
  const line = (type: string, objects: string, shallow: string, retained: string): string =>
    `  ${pad(cut(type, name), name)} ${objects.padStart(10)} ${shallow.padStart(BYTES_WIDTH)} ${retained.padStart(BYTES_WIDTH)}`;
  return [
    paint.faint(cut(line('class', 'objects', 'own', 'retained'), width)),
    ...rows.map((row) => {
      const figures = line(
        plain(row.type),
        count(row.objects),
        humanBytes(row.shallowBytes),
        humanBytes(row.retainedBytes),
      );
      return figures + whereAt(row.location, figures, { paint, width });
    }),
  ];
}

/** A heading with the lines that are worth it; nothing where none is. */
function section({ paint, width, leastBytes }: Page, title: string, lead: string, lines: Line[]): string[] {
  const told = lines
    .filter(({ bytes }) => bytes >= leastBytes)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, MOST_LINES);
  if (told.length === 0) return [];
  const room = width - columnsOf(title) - 2;
  return [
    `${paint.strong(title)}${room > 12 ? `  ${paint.faint(cut(lead, room))}` : ''}`,
    ...told.flatMap(({ bytes, text, location }) => {
      const figure = paint.warn(humanBytes(bytes).padStart(BYTES_WIDTH));
      const indent = ' '.repeat(BYTES_WIDTH + 2);
      const textRoom = width - indent.length;
      const lines = wrap(plain(text), textRoom).slice(0, MOST_LINES_OF_A_TEXT);
      const kept = lines.map((line, at) => (at === 0 ? `${figure}  ` : indent) + cut(line, textRoom));
      const last = cut(lines.at(-1) ?? '', textRoom);
      const where = whereAt(location, indent + last, { paint, width });
      if (where !== '' || location === null) return [...kept.slice(0, -1), `${kept.at(-1) ?? ''}${where}`];
      return [...kept, indent + paint.faint(cut(whereOf(location)[0], textRoom))];
    }),
  ];
}

function duplicates({ duplicatedStrings }: HeapContents): Line[] {
  const ofProgram = duplicatedStrings.references.filter(({ reference }) => reference !== INTERNAL);
  return ofProgram.map(({ reference, copies, texts, wastedBytes }) => ({
    bytes: wastedBytes,
    text: `${reference}: ${count(copies)} ${texts === 1 ? 'copies of one text' : `strings, ${count(texts)} different ones`}`,
    location: null,
  }));
}

function buffers({ buffers: { largest, slabs: ofSlabs } }: HeapContents): Line[] {
  const inSlabs = new Set(ofSlabs.map(({ path }) => nameOf(path)));
  return largest
    .filter(({ path }) => !inSlabs.has(nameOf(path)))
    .map(({ bytes, buffers: number, type, path }) => ({
      bytes,
      text: `${nameOf(path)}: ${number === 1 ? `a ${type}` : `${count(number)} × ${type}`}`,
      location: placeOf(path),
    }));
}

function slabs({ buffers: { slabs: groups } }: HeapContents): Line[] {
  return groups.map(({ bytes, slabs: number, path }) => ({
    bytes,
    text: `${nameOf(path)}: ${count(number)} small Buffers, each keeps a slab of ${humanBytes(bytes / number)} alone; allocUnsafeSlow makes them without`,
    location: placeOf(path),
  }));
}

function collections({ overAllocated }: HeapContents): Line[] {
  return overAllocated.collections.map((row) => ({
    bytes: row.wastedBytes,
    text: `${nameOf(row.path)}: ${row.collections === 1 ? row.type : `${count(row.collections)} × ${row.type}`}, ${whyOf(row)}`,
    location: placeOf(row.path),
  }));
}

function whyOf({ cause, used, slots }: OverAllocated): string {
  const of = `${count(used)} of ${count(slots)}`;
  switch (cause) {
    case 'deleted':
      return `${of} entries used, the others were deleted`;
    case 'gaps':
      return `${of} slots used, with gaps between`;
    case 'properties':
      return `${count(used)} properties in hash tables for ${count(slots)}, after delete or with a null prototype`;
    default:
      return `${of} slots used`;
  }
}

function scopes({ keptContexts }: HeapContents): Line[] {
  return keptContexts.map((row) => {
    const names = [...new Set(row.closures.map(({ name }) => name))];
    const number = row.contexts === 1 ? '' : `${count(row.contexts)} × `;
    return {
      bytes: row.retainedBytes,
      text: `${number}${names.join(', ')} ${names.length === 1 ? 'keeps' : 'keep'} ${variables(row)}`,
      location: row.closures.find(({ location }) => location)?.location ?? null,
    };
  });
}

function variables({ variables: all, contexts, retainedBytes: inAll }: KeptContext): string {
  const [heaviest] = all;
  if (heaviest === undefined) return 'its scope';
  const told = all
    .filter(({ retainedBytes }) => retainedBytes > 0 && retainedBytes * 10 >= heaviest.retainedBytes)
    .slice(0, 3)
    .map(
      ({ name, type, retainedBytes }) => `${name} (${type === name ? '' : `${type}, `}${humanBytes(retainedBytes)})`,
    );
  if (told.length === 0) return 'its scope';
  // Scopes in a chain hold each other: the first holds all.
  const each = heaviest.retainedBytes * contexts > 2 * inAll ? ' at most' : ' each';
  return `${told.join(', ')}${contexts === 1 ? '' : each}`;
}

function globals({ extraGlobals }: HeapContents): Line[] {
  return extraGlobals.map(({ retainedBytes, path }) => ({
    bytes: retainedBytes,
    text: `kept by ${nameOf(path)}`,
    location: placeOf(path),
  }));
}

/** Things without a name of their own: what holds them says more. */
const NAMELESS = new Set(['Object', 'Array', 'Map', 'Set', 'ArrayBuffer', 'Buffer']);
/** What any path may start in. */
const OUTERMOST = new Set(['module', 'scope', 'global scope', 'Module', 'process', 'Generator']);

/** How the last place of a path is held, as code would write it, from the nearest class or variable on: `Upload.body`. */
function nameOf(path: Place[]): string {
  let name = '';
  for (let at = path.length - 1; at >= 0; at--) {
    const { edge, type } = path[at];
    const isNamed = edge !== '' && edge !== 'context' && edge !== 'exports';
    if (isNamed) name = name === '' || name.startsWith('[') ? edge + name : `${edge}.${name}`;
    const owner = path[at - 1];
    if (at === 0 || owner === undefined) return name === '' ? type : name;
    if (OUTERMOST.has(owner.type)) return name === '' ? type : name;
    if (name !== '' && !NAMELESS.has(owner.type)) {
      const ownerName = owner.type.replace(/^function /, '');
      return name.startsWith('[') ? ownerName + name : `${ownerName}.${name}`;
    }
  }
  return name;
}

/** The last place of a path that is in the reader's own code, else in a package's. */
function placeOf(path: Place[]): Location | null {
  const places = path.flatMap(({ location }) => location ?? []).filter(({ file }) => !isNodeInternal(file));
  return places.findLast(isOwn) ?? places.at(-1) ?? null;
}

function isOwn(location: Location | null): boolean {
  return location !== null && !isNodeInternal(location.file) && packageOf(location.file) === undefined;
}

/** The location, and the same without the file's folder. */
function whereOf(location: Location): [whole: string, short: string] {
  const whole = plain(shortLocation(location));
  return [whole, whole.includes('/') ? whole.replace(/^.*\//u, '…/') : whole];
}

/** Where, behind a line, as far as there is room for it. */
function whereAt(location: Location | null, line: string, { paint, width }: Pick<Page, 'paint' | 'width'>): string {
  if (location === null) return '';
  const room = width - columnsOf(line) - 2;
  const where = whereOf(location).find((each) => columnsOf(each) <= room);
  return where === undefined ? '' : `  ${paint.faint(where)}`;
}

function bytesAndShare(bytes: number, { heapBytes }: Page): string {
  const share = heapBytes > 0 ? Math.round((bytes / heapBytes) * 100) : 0;
  return share > 0 ? `${humanBytes(bytes)}, ${share} % of the heap,` : humanBytes(bytes);
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)));
}

function count(value: number): string {
  return value.toLocaleString('en');
}
