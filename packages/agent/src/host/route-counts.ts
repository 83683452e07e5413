/**
 * Counts by route, in bounded memory.
 *
 * A route is a pattern where the framework tells it, else the request's path with the parts that
 * look like values replaced by `:id`. No value of a client may become a key: neither for memory's
 * sake nor for privacy's. What comes after `maxKeys` different routes is counted as `other`.
 */

/** The key of everything beyond the bound. */
const otherKey = 'other';

const maxRouteLength = 120;
const maxSegments = 8;

/** One method of one route, with what is kept of it. Found once a request: nothing is looked up or put together twice. */
export interface CountedRoute<Detail> {
  readonly method: string;
  readonly route: string;
  count: number;
  /** Whatever else is kept by route; begins empty. */
  readonly details: Detail[];
}

/** Cumulative counts by method and route, at most `maxKeys` of them and `other`. */
export class RouteCounts<Detail = never> {
  readonly #maxKeys: number;
  readonly #routes = new Map<string, CountedRoute<Detail>[]>();
  readonly #other: CountedRoute<Detail> = { method: '', route: otherKey, count: 0, details: [] };
  #total = 0;
  #size = 0;

  constructor(maxKeys = 100) {
    this.#maxKeys = maxKeys;
  }

  /** Of all keys together. */
  get total(): number {
    return this.#total;
  }

  /** How many keys are kept, without `other`. */
  get size(): number {
    return this.#size;
  }

  /** Counts one request, and returns what it was counted with. */
  addRoute(method: string, route: string): CountedRoute<Detail> {
    this.#total += 1;
    const counted = this.#find(method, route);
    counted.count += 1;
    return counted;
  }

  /** A fresh plain object, e.g. `{ 'GET /users/:id': 3, other: 1 }`. */
  toRecord(): Record<string, number> {
    const entries: [string, number][] = [];
    for (const methods of this.#routes.values()) {
      for (const { method, route, count } of methods) entries.push([`${method} ${route}`, count]);
    }
    if (this.#other.count > 0) entries.push([otherKey, this.#other.count]);
    return Object.fromEntries(entries);
  }

  #find(method: string, route: string): CountedRoute<Detail> {
    const methods = this.#routes.get(route);
    if (methods !== undefined) for (const counted of methods) if (counted.method === method) return counted;
    if (this.#size >= this.#maxKeys) return this.#other;
    const made: CountedRoute<Detail> = { method, route, count: 0, details: [] };
    this.#size += 1;
    if (methods === undefined) this.#routes.set(route, [made]);
    else methods.push(made);
    return made;
  }
}

/** A route as it is told: without a trailing slash, cut where it would be too long. */
export function routePath(route: string): string {
  const path = route.length > 1 && route.endsWith('/') ? route.slice(0, -1) : route;
  return path === '' ? '/' : path.slice(0, maxRouteLength);
}

/**
 * A request's path as a route: without query, values replaced by `:id`, at most eight parts.
 * `/users/42/cart?x=1` becomes `/users/:id/cart`.
 *
 * Runs once for each request that shows no route: one pass over the characters, without regular expressions.
 */
export function normalizePath(url: string): string {
  let at = pathStart(url);
  const end = Math.min(url.length, at + maxPathLength);
  // What has been replaced so far, and where what has not been copied yet begins.
  let route = url.charCodeAt(at) === SLASH ? '' : '/';
  let copied = at;
  if (url.charCodeAt(at) === SLASH) at += 1;
  let segments = 0;
  for (let start = at; ; at += 1) {
    const code = at < end ? url.charCodeAt(at) : QUESTION_MARK;
    const ends = code === QUESTION_MARK || code === HASH || code === SEMICOLON;
    if (!ends && code !== SLASH) continue;
    segments += 1;
    if (segments > maxSegments) return `${route}${url.slice(copied, start)}…`;
    if (looksLikeValue(url, start, at)) {
      route += `${url.slice(copied, start)}:id`;
      copied = at;
    }
    if (ends) return copied === at ? route : route + url.slice(copied, at);
    start = at + 1;
  }
}

const maxPathLength = 2048;
const SLASH = 47;
const QUESTION_MARK = 63;
const HASH = 35;
const SEMICOLON = 59;

/** Where the path begins in a URL that may be absolute (as proxies send it). */
function pathStart(url: string): number {
  if (url.charCodeAt(0) === SLASH) return 0;
  return /^[a-z][a-z0-9+.-]{0,19}:\/\/[^/?#]{0,255}/i.exec(url)?.[0].length ?? 0;
}

/**
 * Digits, dates, UUIDs, hashes, tokens, mail addresses, anything escaped or long. What stays are
 * short words, which is what programmers name routes with: `users`, `api-v2`, `index.html`.
 */
function looksLikeValue(url: string, start: number, end: number): boolean {
  const length = end - start;
  if (length > 32) return true;
  let digits = 0;
  let hexadecimal = true;
  let numeric = true;
  for (let i = start; i < end; i++) {
    const code = url.charCodeAt(i);
    if (isDigit(code)) digits += 1;
    else if (isLetter(code)) {
      numeric = false;
      if ((code | 32) > 102) hexadecimal = false;
    } else if (code === 45) continue;
    else if (code === 46 || code === 95) hexadecimal = false;
    else if (code === 126) hexadecimal = numeric = false;
    else return true;
  }
  if (digits === 0) return false;
  if (numeric) return true;
  const segment = url.slice(start, end);
  if (isVersion(segment)) return false;
  if (hexadecimal && length >= 6) return true;
  return digits >= 4 || (digits * 3 >= length && length > 3) || isRandom(segment);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isLetter(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122;
}

/** `v1`, `v12`, `v2.1`: names of APIs. */
function isVersion(segment: string): boolean {
  return segment.length <= 6 && (segment.charCodeAt(0) | 32) === 118 && /^v\d{1,2}(?:\.\d{1,2})?$/i.test(segment);
}

/** Lower and upper case and digits through one another, as in base64 and short ids. */
function isRandom(segment: string): boolean {
  if (segment.length < 8) return false;
  const changes = segment.match(/[a-z][A-Z]|[A-Z][a-z](?=[A-Z0-9])|[a-zA-Z]\d|\d[a-zA-Z]/g)?.length ?? 0;
  return changes >= 4 && /\d/.test(segment);
}
