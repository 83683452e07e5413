/** `{ "$ref": "#/components/…" }` in a document: what it points to. */

/** More in a row than this is a circle. */
const MOST_STEPS = 32;

/** Follows references within one document. Those into other documents lead nowhere: nothing else is read. */
export class Pointers {
  readonly #document: unknown;

  constructor(document: unknown) {
    this.#document = document;
  }

  /** The value itself, or what its `$ref` leads to; undefined where that is nothing. */
  resolved(value: unknown): unknown {
    let at = value;
    for (let step = 0; step < MOST_STEPS; step++) {
      const ref = refOf(at);
      if (ref === undefined) return at;
      at = this.#target(ref);
    }
    return undefined;
  }

  /** Why a value could not be resolved, behind its name: `refers to 'other.yaml#/x', which is not in this document`. */
  why(value: unknown): string {
    const ref = refOf(value);
    return ref === undefined ? 'is no object' : `refers to '${ref}', which is not in this document`;
  }

  #target(ref: string): unknown {
    if (!ref.startsWith('#/')) return undefined;
    let at: unknown = this.#document;
    for (const part of ref.slice(2).split('/')) {
      if (typeof at !== 'object' || at === null) return undefined;
      const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
      at = Object.hasOwn(at, key) ? (at as Record<string, unknown>)[key] : undefined;
    }
    return at;
  }
}

function refOf(value: unknown): string | undefined {
  const ref = typeof value === 'object' && value !== null && '$ref' in value ? value.$ref : undefined;
  return typeof ref === 'string' ? ref : undefined;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
