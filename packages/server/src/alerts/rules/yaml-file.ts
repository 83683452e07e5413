/**
 * YAML read field by field, with the line and column of everything that is wrong.
 *
 * Values are read from the syntax tree: anchors, aliases and tags are refused, so that no file is larger than it looks.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type YAMLMap } from 'yaml';
import { parseDuration } from './duration.ts';
import { nearest } from './nearest.ts';

/** Something wrong, and where. Lines and columns count from 1. */
export interface Problem {
  line: number;
  column: number;
  message: string;
}

/** A larger file is a mistake. */
const mostCharacters = 256 * 1024;

type Place = { range?: [number, number, number] | null } | null | undefined;

/** A file, with what was found wrong in it so far. */
export class YamlFile {
  readonly problems: Problem[] = [];
  /** What is likely not meant, and keeps nobody from using the file. */
  readonly warnings: Problem[] = [];
  readonly root: Value;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    this.root = new Value(this, this.#parse(text), 'the file');
  }

  /** Notes something wrong at a node. */
  note(place: Place, message: string): void {
    this.#noteAt(place?.range?.[0] ?? 0, message);
  }

  /** Notes something at a node that may be as it is meant. */
  warn(place: Place, message: string): void {
    this.warnings.push(this.#at(place?.range?.[0] ?? 0, message));
  }

  #noteAt(offset: number, message: string): void {
    this.problems.push(this.#at(offset, message));
  }

  #at(offset: number, message: string): Problem {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), message };
  }

  #parse(text: string): Node | null {
    if (text.length > mostCharacters) {
      this.#noteAt(0, `the file has more than ${mostCharacters} characters`);
      return null;
    }
    try {
      const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, logLevel: 'error' });
      for (const { pos, message } of [...document.errors, ...document.warnings]) this.#noteAt(pos[0], message);
      return document.contents;
    } catch (error) {
      // The parser goes as deep as the file.
      this.#noteAt(0, `the file cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }
}

/** A value of the file. Each reader returns null where the value is another one, which is noted. */
export class Value {
  readonly #file: YamlFile;
  readonly #node: Node | null;
  readonly #name: string;
  readonly #place: Place;

  constructor(file: YamlFile, node: Node | null, name: string, place: Place = node) {
    this.#file = file;
    this.#node = node;
    this.#name = name;
    this.#place = place;
    if (isAlias(node)) this.wrong('an alias is not taken: write the value out');
    else if (node !== null && 'anchor' in node && node.anchor !== undefined)
      this.wrong('an anchor is not taken: write the value out where it is needed');
    else if (node?.tag !== undefined) this.wrong('a tag is not taken');
  }

  /** Whether nothing stands there. */
  get isNothing(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null);
  }

  /** Whether it is a text, of whatever length. */
  get isText(): boolean {
    return typeof this.#scalar() === 'string';
  }

  /** Whether it is just that word or boolean. */
  is(word: string | boolean): boolean {
    return this.#scalar() === word;
  }

  /** Notes something wrong with the value. */
  wrong(message: string): null {
    this.#file.note(this.#place, `${this.#name}: ${message}`);
    return null;
  }

  /** Notes something about the value that may be as it is meant. */
  warn(message: string): void {
    this.#file.warn(this.#place, `${this.#name}: ${message}`);
  }

  /** A text. Numbers and the like have to stand in quotes. */
  text(most = 1000): string | null {
    const value = this.#scalar();
    if (typeof value !== 'string' || value === '') return this.wrong('is a text');
    return value.length > most ? this.wrong(`is longer than ${most} characters`) : value;
  }

  /** One of the words. */
  oneOf<Word extends string>(words: readonly Word[]): Word | null {
    const value = this.#scalar();
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const meant = typeof value === 'string' ? nearest(value, words) : null;
    return this.wrong(`is one of ${words.join(', ')}${meant === null ? '' : `; was '${meant}' meant?`}`);
  }

  /** A duration in milliseconds, like `5m`. */
  duration(leastMs: number, mostMs: number, said: string): number | null {
    const value = this.#scalar();
    const ms = typeof value === 'string' ? parseDuration(value) : null;
    return ms === null || ms < leastMs || ms > mostMs ? this.wrong(`is a duration like 90s, 5m or 1h30m, ${said}`) : ms;
  }

  /** A share from 0 to 1, written `90%` or `0.9`. */
  share(): number | null {
    const value = this.#scalar();
    const share =
      typeof value === 'string' && /^\d{1,3}(\.\d+)?%$/.test(value) ? Number(value.slice(0, -1)) / 100 : value;
    return typeof share === 'number' && share > 0 && share <= 1 ? share : this.wrong('is a share like 90% or 0.9');
  }

  /** A whole number. */
  whole(least: number, most: number): number | null {
    const value = this.#scalar();
    return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? value
      : this.wrong(`is a whole number from ${least} to ${most}`);
  }

  /** The values of a list; one that stands alone is a list of one. */
  list(most = 1000): Value[] | null {
    const node = this.#node;
    if (isScalar(node) && node.value !== null) return [this];
    if (!isSeq(node)) return this.wrong('is a list');
    if (node.items.length > most) return this.wrong(`has more than ${most} entries`);
    return node.items.map((item, i) => new Value(this.#file, item as Node | null, `${this.#name} ${i + 1}`));
  }

  /** A list of what `read` reads; what is wrong is noted and left out. */
  listOf<T>(read: (value: Value) => T | null): T[] {
    return (this.list() ?? []).flatMap((value) => read(value) ?? []);
  }

  /** The fields of a map, each to be taken by its name; none where it is no map. */
  fields(known: readonly string[] | null): Fields {
    const node = this.#node;
    if (isMap(node)) return new Fields(this.#file, node as YAMLMap<Node, Node | null>, known);
    this.wrong('is a map of names and values');
    return new Fields(this.#file, null, known);
  }

  /** The value as JSON, each text as `read` returns it. Maps and lists may be so many deep. */
  json<Json>(read: (text: string, value: Value) => Json, depth = 20): Json | object | number | boolean | null {
    const node = this.#node;
    if (depth === 0) {
      this.wrong('is nested too deeply');
      return null;
    }
    if (isSeq(node)) return (this.list() ?? []).map((value) => value.json(read, depth - 1));
    if (isMap(node))
      return Object.fromEntries(
        this.fields(null)
          .all()
          .map(([key, value]) => [key, value.json(read, depth - 1)]),
      );
    const value = this.#scalar();
    if (typeof value === 'string') return read(value, this);
    return typeof value === 'number' || typeof value === 'boolean' ? value : null;
  }

  #scalar(): unknown {
    return isScalar(this.#node) ? this.#node.value : undefined;
  }
}

/** The fields of a map. A name that is not known is noted, with the one that was likely meant. */
export class Fields {
  readonly #file: YamlFile;
  readonly #values = new Map<string, Value>();
  readonly #map: YAMLMap<Node, Node | null> | null;

  constructor(file: YamlFile, map: YAMLMap<Node, Node | null> | null, known: readonly string[] | null) {
    this.#file = file;
    this.#map = map;
    for (const { key, value } of map?.items ?? []) {
      if (!isScalar(key) || typeof key.value !== 'string') {
        file.note(key, 'a name is a text');
        continue;
      }
      const name = key.value;
      if (known !== null && !known.includes(name)) {
        const meant = nearest(name, known);
        file.note(
          key,
          `there is no '${name.slice(0, 100)}' here; ${meant === null ? `it takes ${known.join(', ')}` : `was '${meant}' meant?`}`,
        );
        continue;
      }
      // Where nothing stands behind the name, the name is the place.
      this.#values.set(name, new Value(file, value, name, value ?? key));
    }
  }

  /** Reads the field with `read`; undefined where it is not there, or wrong. */
  take<T>(name: string, read: (value: Value) => T | null): T | undefined {
    const value = this.#values.get(name);
    return value === undefined ? undefined : (read(value) ?? undefined);
  }

  /** As {@link take}, and a field that is not there is noted. */
  need<T>(name: string, read: (value: Value) => T | null): T | undefined {
    if (this.#map !== null && !this.#values.has(name)) this.#file.note(this.#map, `'${name}' is missing here`);
    return this.take(name, read);
  }

  /** All fields that are known, in the order of the file. */
  all(): [name: string, value: Value][] {
    return [...this.#values];
  }

  /** Notes something wrong with the map. */
  wrong(message: string): null {
    if (this.#map !== null) this.#file.note(this.#map, message);
    return null;
  }
}
