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

/** Cumulative counts by key, with at most `maxKeys` keys and `other`. */
export class RouteCounts {
  readonly #maxKeys: number;
  readonly #counts = new Map<string, number>();
  #total = 0;
  #other = 0;

  constructor(maxKeys = 100) {
    this.#maxKeys = maxKeys;
  }

  /** Of all keys together. */
  get total(): number {
    return this.#total;
  }

  /** How many keys are kept, without `other`. */
  get size(): number {
    return this.#counts.size;
  }

  add(key: string): void {
    this.#total += 1;
    const count = this.#counts.get(key);
    if (count !== undefined) this.#counts.set(key, count + 1);
    else if (this.#counts.size < this.#maxKeys) this.#counts.set(key, 1);
    else this.#other += 1;
  }

  /** A fresh plain object, e.g. `{ 'GET /users/:id': 3, other: 1 }`. */
  toRecord(): Record<string, number> {
    const entries = [...this.#counts];
    if (this.#other > 0) entries.push([otherKey, this.#other]);
    return Object.fromEntries(entries);
  }
}

/** `'GET'` and `'/users/:id'` make `'GET /users/:id'`, cut where it would be too long. */
export function routeKey(method: string, route: string): string {
  const path = route.length > 1 && route.endsWith('/') ? route.slice(0, -1) : route;
  return `${method} ${path === '' ? '/' : path}`.slice(0, maxRouteLength);
}

/**
 * A request's path as a route: without query, values replaced by `:id`, at most eight parts.
 * `/users/42/cart?x=1` becomes `/users/:id/cart`.
 */
export function normalizePath(url: string): string {
  const path = pathOf(url);
  const segments = path.split('/', maxSegments + 2).slice(1);
  const kept = segments.slice(0, maxSegments).map((segment) => (looksLikeValue(segment) ? ':id' : segment));
  if (segments.length > maxSegments) kept.push('…');
  return `/${kept.join('/')}`;
}

function pathOf(url: string): string {
  const start = /^[a-z][a-z0-9+.-]{0,19}:\/\/[^/?#]{0,255}/i.exec(url)?.[0].length ?? 0;
  const rest = url.slice(start, start + 2048);
  const end = rest.search(/[?#;]/);
  const path = end === -1 ? rest : rest.slice(0, end);
  return path.startsWith('/') ? path : `/${path}`;
}

/**
 * Digits, dates, UUIDs, hashes, tokens, mail addresses, anything escaped or long. What stays are
 * short words, which is what programmers name routes with: `users`, `api-v2`, `index.html`.
 */
function looksLikeValue(segment: string): boolean {
  if (segment.length > 32) return true;
  if (/[^\w.~-]/.test(segment)) return true;
  if (/^v\d{1,2}(?:\.\d{1,2})?$/i.test(segment)) return false;
  if (/^[\d.,_-]*\d[\d.,_-]*$/.test(segment)) return true;
  if (/^(?=.*\d)[0-9a-f-]{6,}$/i.test(segment)) return true;
  const digits = segment.replace(/\D/g, '').length;
  return digits >= 4 || (digits > 0 && digits * 3 >= segment.length && segment.length > 3) || isRandom(segment);
}

/** Lower and upper case and digits through one another, as in base64 and short ids. */
function isRandom(segment: string): boolean {
  if (segment.length < 8) return false;
  const changes = segment.match(/[a-z][A-Z]|[A-Z][a-z](?=[A-Z0-9])|[a-zA-Z]\d|\d[a-zA-Z]/g)?.length ?? 0;
  return changes >= 4 && /\d/.test(segment);
}
