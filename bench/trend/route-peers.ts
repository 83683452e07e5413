// What one might do instead: the route that correlates best with memory, least squares over all routes, and the same without
// negative coefficients (Lawson and Hanson). All on totals, as they are.

export interface Peer {
  /** The route that is blamed; null for none. */
  blamed: string | null;
  /** Its bytes a request, with the interval that goes with the method; null where there is none. */
  interval: [low: number, high: number] | null;
}

/** Counts at each floor, and the bytes. */
export interface Totals {
  routes: readonly string[];
  counts: readonly (readonly number[])[];
  bytes: readonly number[];
}

export const peers: Record<string, (totals: Totals) => Peer> = {
  'largest correlation': ({ routes, counts, bytes }) => {
    let best = 0;
    let blamed: string | null = null;
    for (const [nth, route] of routes.entries()) {
      const r = correlation(
        counts.map((row) => row[nth]),
        bytes,
      );
      if (r > best) [best, blamed] = [r, route];
    }
    return { blamed, interval: null };
  },
  'least squares on totals': ({ routes, counts, bytes }) => {
    const columns = [...routes.keys()].map((nth) => centred(counts.map((row) => row[nth])));
    const y = centred(bytes);
    const inverse = invert(columns.map((a) => columns.map((b) => dot(a, b))));
    if (inverse === null) return { blamed: null, interval: null };
    const products = columns.map((a) => dot(a, y));
    const b = inverse.map((row) => dot(row, products));
    const rest = y.map((value, at) => value - columns.reduce((sum, column, nth) => sum + column[at] * b[nth], 0));
    const variance = dot(rest, rest) / Math.max(1, y.length - routes.length - 1);
    const nth = largest(b.map((each, at) => each * (counts.at(-1)![at] - counts[0][at])));
    const reach = 1.96 * Math.sqrt(variance * inverse[nth][nth]);
    return b[nth] - reach > 0
      ? { blamed: routes[nth], interval: [b[nth] - reach, b[nth] + reach] }
      : { blamed: null, interval: null };
  },
  'non-negative least squares on totals': ({ routes, counts, bytes }) => {
    const columns = [...routes.keys()].map((nth) => centred(counts.map((row) => row[nth])));
    const b = nonNegative(columns, centred(bytes));
    const explained = b.map((each, at) => each * (counts.at(-1)![at] - counts[0][at]));
    const nth = largest(explained);
    return { blamed: explained[nth] > 0 ? routes[nth] : null, interval: null };
  },
};

/** Lawson and Hanson, "Solving Least Squares Problems" (1974), chapter 23, on the normal equations. */
function nonNegative(columns: readonly (readonly number[])[], y: readonly number[]): number[] {
  const gram = columns.map((a) => columns.map((b) => dot(a, b)));
  const products = columns.map((a) => dot(a, y));
  let b = columns.map(() => 0);
  const active = new Set<number>();
  for (let round = 0; round < 10 * columns.length; round++) {
    const gradient = products.map((product, nth) => product - dot(gram[nth], b));
    const free = [...columns.keys()].filter(
      (nth) => !active.has(nth) && gradient[nth] > 1e-9 * Math.abs(products[nth]),
    );
    if (free.length === 0) return b;
    active.add(free.reduce((best, nth) => (gradient[nth] > gradient[best] ? nth : best)));
    for (;;) {
      const members = [...active];
      const inverse = invert(members.map((i) => members.map((j) => gram[i][j])));
      if (inverse === null) return b;
      const solution = columns.map(() => 0);
      for (const [at, i] of members.entries())
        solution[i] = dot(
          inverse[at],
          members.map((j) => products[j]),
        );
      if (members.every((i) => solution[i] > 0)) {
        b = solution;
        break;
      }
      const step = Math.min(...members.filter((i) => solution[i] <= 0).map((i) => b[i] / (b[i] - solution[i] || 1)));
      b = b.map((value, i) => value + step * (solution[i] - value));
      for (const i of members) if (b[i] <= 1e-12) active.delete(i);
      if (active.size === 0) return columns.map(() => 0);
    }
  }
  return b;
}

function largest(values: readonly number[]): number {
  return values.reduce((best, value, nth) => (value > values[best] ? nth : best), 0);
}

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [centred(a), centred(b)];
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y) || 1);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * b[at], 0);
}

/** Gauss and Jordan with pivots; null where it is singular. */
function invert(matrix: readonly (readonly number[])[]): number[][] | null {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let at = 0; at < n; at++) {
    let pivot = at;
    for (let i = at; i < n; i++) if (Math.abs(rows[i][at]) > Math.abs(rows[pivot][at])) pivot = i;
    if (!(Math.abs(rows[pivot][at]) > 1e-12 * Math.abs(matrix[at][at]))) return null;
    [rows[at], rows[pivot]] = [rows[pivot], rows[at]];
    const by = rows[at][at];
    rows[at] = rows[at].map((value) => value / by);
    for (let i = 0; i < n; i++) {
      if (i === at) continue;
      const factor = rows[i][at];
      rows[i] = rows[i].map((value, j) => value - factor * rows[at][j]);
    }
  }
  return rows.map((row) => row.slice(n));
}
