/** What a process held and had served, over all of its life and those before it, in a table that never grows. */

/** A floor and the requests served by then. */
export interface RouteSample {
  readonly timeMs: number;
  /** Live bytes just after a full collection; where nothing else is known, RSS. */
  readonly bytes: number;
  /** All requests since the process started; null where only those by route are known. */
  readonly requests?: number | null;
  /** Requests of each route since the process started. A count that falls means that the process is another one. */
  readonly requestsByRoute: Readonly<Record<string, number>>;
}

/** How much is kept. */
export interface RouteTableOptions {
  /** Rows, at least 16. Default 64. */
  rows?: number;
  /** Routes that are told apart: the busiest; the rest count as one. Default 32. */
  routes?: number;
  /** What is held in the first so many milliseconds of a life is start-up. Default 8,000; 600,000 suits a service. */
  warmupMs?: number;
}

/** A saved table: plain JSON. */
export interface RouteTableState {
  readonly format: 'ebb.routes/1';
  readonly options: Required<RouteTableOptions>;
  readonly blockS: number;
  readonly life: number;
  readonly bornMs: number | null;
  readonly newestMs: number | null;
  readonly all: number;
  readonly slots: readonly { readonly route: string; readonly offset: number; readonly count: number }[];
  readonly rows: readonly (readonly number[])[];
}

/** A row of the table: the means over the floors of one block of time. */
export interface RouteRow {
  readonly life: number;
  /** Since the life began to be seen. */
  readonly ageS: number;
  readonly bytes: number;
  /** Cumulative, of all routes. */
  readonly requests: number;
  /** Cumulative, in the order of `RouteTable.routes`. */
  readonly byRoute: readonly number[];
}

interface Slot {
  route: string;
  /** Requests that it had served before it was told apart. */
  offset: number;
  count: number;
}

const FINEST_S = 1;
const MOST_LIVES = 8;
const LEAST_ROWS = 16;
/** A route takes the place of the quietest when it has served so many times as much. */
const BUSIER = 2;

const LIFE = 0;
const BLOCK = 1;
const FLOORS = 2;
const AGE = 3;
const BYTES = 4;
const ALL = 5;
const FIRST_ROUTE = 6;

/**
 * Rows of equal blocks of time; a row is the mean of the floors in it, of their ages and of the counts at them, so that what
 * is linear in the counts stays so. When the table is full the blocks get twice as long and neighbours become one row:
 * months take the same memory as minutes (64 rows and 32 routes: 20 KB). Little is lost by it: what tells two routes apart is
 * how their counts drift apart, and that shows in coarse blocks as well as in fine ones.
 *
 * Another process in the place of the first (a count falls, or `restarted` says so) is another life: its rows stand beside
 * those of the others, with a level of their own. So do those of a table that is joined.
 */
export class RouteTable {
  readonly #options: Required<RouteTableOptions>;
  #slots: Slot[] = [];
  #rows: number[][] = [];
  #blockS = FINEST_S;
  #life = 0;
  #bornMs: number | null = null;
  #newestMs: number | null = null;
  #all = 0;

  constructor(options: RouteTableOptions = {}) {
    this.#options = {
      rows: Math.max(LEAST_ROWS, Math.floor(options.rows ?? 64)),
      routes: Math.max(1, Math.floor(options.routes ?? 32)),
      warmupMs: Math.max(0, options.warmupMs ?? 8000),
    };
  }

  /** The routes that are told apart, in the order in which rows count them. */
  get routes(): readonly string[] {
    return this.#slots.map(({ route }) => route);
  }

  /** The rows so far, at most as many as the options say. */
  get rows(): readonly RouteRow[] {
    return this.#rows.map((row) => ({
      life: row[LIFE],
      ageS: row[AGE],
      bytes: row[BYTES],
      requests: row[ALL],
      byRoute: row.slice(FIRST_ROUTE),
    }));
  }

  /** Takes a floor in. One that is no later than the newest, or no number, is left out. Never throws. O(routes). */
  add(sample: RouteSample): void {
    const { timeMs, bytes, requestsByRoute } = sample;
    if (!Number.isFinite(timeMs) || !Number.isFinite(bytes) || bytes < 0) return;
    if (this.#newestMs !== null && timeMs <= this.#newestMs) return;
    const counts = Object.entries(requestsByRoute).filter(([, count]) => Number.isFinite(count) && count >= 0);
    const routed = counts.reduce((sum, [, count]) => sum + count, 0);
    const told = sample.requests ?? 0;
    const all = Math.max(routed, Number.isFinite(told) ? told : 0);
    if (this.#bornMs !== null && (all < this.#all || this.#fell(requestsByRoute))) this.restarted();
    this.#bornMs ??= timeMs;
    this.#newestMs = timeMs;
    this.#all = all;
    this.#count(counts);
    const ageMs = timeMs - this.#bornMs;
    if (ageMs < this.#options.warmupMs) return;
    this.#put(ageMs / 1000, bytes, all);
  }

  /** What comes from now on is of another process. */
  restarted(): void {
    this.#bornMs = null;
    this.#all = 0;
    this.#life++;
    for (const slot of this.#slots) slot.offset = slot.count = 0;
  }

  /** Adds the rows of another table (of an earlier life, or of a sibling) as lives of their own; that one stays as it is. */
  join(other: RouteTable): void {
    const theirs = other.#slots.map(({ route }) => this.#slotFor(route));
    const first = this.#life + 1;
    // The present life stays the newest: what is added from now on belongs to it.
    const joined = other.#rows.map((row) => {
      const mine = [...row.slice(0, FIRST_ROUTE), ...this.#slots.map(() => 0)];
      mine[LIFE] = first + row[LIFE];
      for (const [nth, at] of theirs.entries()) if (at >= 0) mine[FIRST_ROUTE + at] = row[FIRST_ROUTE + nth];
      return mine;
    });
    let theirBlockS = other.#blockS;
    for (; theirBlockS < this.#blockS; theirBlockS *= 2) halveBlocks(joined);
    for (; this.#blockS < theirBlockS; this.#blockS *= 2) halveBlocks(this.#rows);
    const present = this.#rows.filter((row) => row[LIFE] === this.#life);
    const past = this.#rows.filter((row) => row[LIFE] !== this.#life);
    this.#life = first + other.#life + 1;
    for (const row of present) row[LIFE] = this.#life;
    this.#rows = [...past, ...mergeEqual(joined), ...present];
    this.#shrink();
  }

  /** All that the table knows, as plain JSON. */
  save(): RouteTableState {
    return {
      format: 'ebb.routes/1',
      options: this.#options,
      blockS: this.#blockS,
      life: this.#life,
      bornMs: this.#bornMs,
      newestMs: this.#newestMs,
      all: this.#all,
      slots: this.#slots.map((slot) => ({ ...slot })),
      rows: this.#rows.map((row) => [...row]),
    };
  }

  /** The table that was saved; null when it is no whole state of this version. */
  static restore(state: RouteTableState): RouteTable | null {
    if (!isWhole(state)) return null;
    const table = new RouteTable(state.options);
    table.#blockS = state.blockS;
    table.#life = state.life;
    table.#bornMs = state.bornMs;
    table.#newestMs = state.newestMs;
    table.#all = state.all;
    table.#slots = state.slots.map((slot) => ({ ...slot }));
    table.#rows = state.rows.map((row) => [...row]);
    return table;
  }

  #fell(requestsByRoute: Readonly<Record<string, number>>): boolean {
    return this.#slots.some(({ route, count }) => {
      const now = Object.hasOwn(requestsByRoute, route) ? requestsByRoute[route] : undefined;
      return now !== undefined && now < count;
    });
  }

  #count(counts: readonly (readonly [string, number])[]): void {
    for (const [route, count] of counts) {
      const at = this.#slots.findIndex((slot) => slot.route === route);
      if (at >= 0) this.#slots[at].count = count;
      else if (this.#slots.length < this.#options.routes) this.#slots[this.#slotFor(route)].count = count;
      else this.#replace(route, count);
    }
  }

  /** The place of a route, a new one if there is room; −1 otherwise. */
  #slotFor(route: string): number {
    const at = this.#slots.findIndex((slot) => slot.route === route);
    if (at >= 0) return at;
    if (this.#slots.length >= this.#options.routes) return -1;
    for (const row of this.#rows) row.push(0);
    return this.#slots.push({ route, offset: 0, count: 0 }) - 1;
  }

  /** Takes the quietest route's place where the new one is busier by far. What either did unseen counts with the rest. */
  #replace(route: string, count: number): void {
    let quietest = 0;
    for (const [nth, slot] of this.#slots.entries()) if (slot.count < this.#slots[quietest].count) quietest = nth;
    if (count <= BUSIER * Math.max(1, this.#slots[quietest].count)) return;
    for (const row of this.#rows) row[FIRST_ROUTE + quietest] = 0;
    this.#slots[quietest] = { route, offset: count, count };
  }

  #put(ageS: number, bytes: number, all: number): void {
    const block = Math.floor(ageS / this.#blockS);
    const last = this.#rows.at(-1);
    const served = this.#slots.map(({ count, offset }) => count - offset);
    const now = [this.#life, block, 1, ageS, bytes, all, ...served];
    if (last !== undefined && last[LIFE] === this.#life && last[BLOCK] === block) mix(last, now);
    else {
      this.#rows.push(now);
      this.#shrink();
    }
  }

  #shrink(): void {
    for (;;) {
      const lives = new Set(this.#rows.map((row) => row[LIFE]));
      if (lives.size > MOST_LIVES) {
        const [oldest] = lives;
        this.#rows = this.#rows.filter((row) => row[LIFE] !== oldest);
      } else if (this.#rows.length > this.#options.rows) {
        halveBlocks(this.#rows);
        this.#rows = mergeEqual(this.#rows);
        this.#blockS *= 2;
      } else return;
    }
  }
}

function halveBlocks(rows: readonly number[][]): void {
  for (const row of rows) row[BLOCK] = Math.floor(row[BLOCK] / 2);
}

/** Makes one row of neighbours of the same block. */
function mergeEqual(rows: readonly number[][]): number[][] {
  const merged: number[][] = [];
  for (const row of rows) {
    const last = merged.at(-1);
    if (last !== undefined && last[LIFE] === row[LIFE] && last[BLOCK] === row[BLOCK]) mix(last, row);
    else merged.push(row);
  }
  return merged;
}

/** Takes a row's floors into another's means. */
function mix(into: number[], row: readonly number[]): void {
  const floors = into[FLOORS] + row[FLOORS];
  const share = row[FLOORS] / floors;
  for (let at = AGE; at < into.length; at++) into[at] += (row[at] - into[at]) * share;
  into[FLOORS] = floors;
}

function isWhole({ format, options, slots, rows, blockS, life, all, bornMs, newestMs }: RouteTableState): boolean {
  const numbers = [blockS, life, all, bornMs ?? 0, newestMs ?? 0, ...slots.flatMap((s) => [s.offset, s.count])];
  return (
    // What was saved by another version is read as JSON: it need not be what the type says.
    (format as string) === 'ebb.routes/1' &&
    slots.length <= options.routes &&
    rows.length <= options.rows &&
    numbers.every(Number.isFinite) &&
    rows.every((row) => row.length === FIRST_ROUTE + slots.length && row.every(Number.isFinite))
  );
}
