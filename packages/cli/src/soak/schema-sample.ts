/** A value that a schema of an OpenAPI document allows: what its author gave, else a small one that fits. */
import type { Pointers } from './pointers.ts';

/** JSON Schema, as far as it is read here. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly items?: unknown;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number | boolean;
  readonly maximum?: number;
  readonly multipleOf?: number;
  readonly allOf?: readonly unknown[];
  readonly oneOf?: readonly unknown[];
  readonly anyOf?: readonly unknown[];
}

/** A schema that leads to itself is followed so far. */
const MOST_LEVELS = 8;
const LONGEST = 1000;

const OF_FORMAT: Readonly<Record<string, string>> = {
  date: '2024-02-29',
  'date-time': '2024-02-29T12:00:00Z',
  time: '12:00:00Z',
  email: 'somebody@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  uuid: '6f1b0f38-6a3c-4a6e-9b1a-2f7f7d1f0c11',
};

/** The value; undefined where none can be made: a pattern without an example, a schema that says nothing. */
export function sampleOf(given: unknown, pointers: Pointers, level = 0): unknown {
  const schema = pointers.resolved(given) as Schema | null | undefined;
  if (typeof schema !== 'object' || schema === null || level > MOST_LEVELS) return undefined;
  const told = schema.example ?? schema.examples?.[0] ?? schema.default ?? schema.const ?? schema.enum?.[0];
  if (told !== undefined) return told;
  const [one] = schema.oneOf ?? schema.anyOf ?? [];
  if (one !== undefined) return sampleOf(one, pointers, level + 1);
  if (schema.allOf !== undefined) return sampleOf(merged(schema, pointers), pointers, level + 1);
  const type = typeof schema.type === 'object' ? schema.type.find((each) => each !== 'null') : schema.type;
  switch (type ?? (schema.properties === undefined ? undefined : 'object')) {
    case 'object':
      return objectOf(schema, pointers, level);
    case 'array':
      return listOf(schema, pointers, level);
    case 'integer':
    case 'number':
      return numberOf(schema);
    case 'boolean':
      return true;
    case 'string':
      return textOf(schema);
    default:
      return undefined;
  }
}

/** What has to be there; what may be there where its author gave a value for it. */
function objectOf({ properties = {}, required = [] }: Schema, pointers: Pointers, level: number): unknown {
  const entries: [string, unknown][] = [];
  for (const [name, property] of Object.entries(properties)) {
    const isRequired = required.includes(name);
    const own = pointers.resolved(property) as Schema | null | undefined;
    const value = isRequired ? sampleOf(property, pointers, level + 1) : (own?.example ?? own?.examples?.[0]);
    if (value === undefined && isRequired) return undefined;
    if (value !== undefined) entries.push([name, value]);
  }
  const isWhole = required.every((name) => Object.hasOwn(properties, name));
  return isWhole ? Object.fromEntries(entries) : undefined;
}

function listOf({ items, minItems = 0 }: Schema, pointers: Pointers, level: number): unknown {
  const element = sampleOf(items, pointers, level + 1);
  if (element === undefined) return minItems === 0 ? [] : undefined;
  return Array.from({ length: Math.min(LONGEST, Math.max(1, minItems)) }, () => element);
}

function numberOf({ minimum, exclusiveMinimum, maximum = Infinity, multipleOf }: Schema): number | undefined {
  const step = multipleOf ?? 1;
  // OpenAPI 3.0 has it as a mark on `minimum`, 3.1 as the number itself.
  const above = exclusiveMinimum === true ? minimum : exclusiveMinimum === false ? undefined : exclusiveMinimum;
  const least = above === undefined ? (minimum ?? Math.min(1, maximum)) : above + step;
  const value = multipleOf === undefined ? least : Math.ceil(least / step) * step;
  return value > maximum ? undefined : value;
}

function textOf({ format = '', pattern, minLength = 0, maxLength = Infinity }: Schema): string | undefined {
  if (pattern !== undefined || minLength > LONGEST) return undefined;
  const known = OF_FORMAT[format];
  if (known !== undefined) return known.length >= minLength && known.length <= maxLength ? known : undefined;
  return 'text'.padEnd(minLength, 'x').slice(0, maxLength);
}

/** One schema of all those of `allOf`, and of what stands beside it. */
function merged({ allOf = [], ...beside }: Schema, pointers: Pointers): Schema {
  const parts = [...allOf, beside].map((part) => (pointers.resolved(part) ?? {}) as Schema);
  const flat = parts.map((part) => (part.allOf === undefined || part === beside ? part : merged(part, pointers)));
  return {
    ...Object.assign({}, ...flat),
    properties: Object.assign({}, ...flat.map(({ properties }) => properties)) as Schema['properties'],
    required: flat.flatMap(({ required = [] }) => required),
  } as Schema;
}
