/** Routes of an OpenAPI 3 document: a request for each operation, of what the document says its values are. */
import { parse as parseYaml } from 'yaml';
import { Pointers } from './pointers.ts';
import { readTextOf, unusable, type RouteList } from './route-files.ts';
import type { Route } from './route.ts';
import { sampleOf, type Schema } from './schema-sample.ts';

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const;

interface Example {
  readonly value?: unknown;
}
/** What has examples: a parameter, or a body of one type. */
interface Told {
  readonly example?: unknown;
  readonly examples?: unknown;
  readonly schema?: unknown;
}
interface Parameter extends Told {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
}

/**
 * Routes of an OpenAPI 3 document in JSON or YAML. What a request needs is taken from examples, defaults and the schemas
 * themselves; `$ref`s within the document are followed, and the path of its first server stands before all paths.
 *
 * @throws {CliError} EBB_CLI_SOAK_ROUTES
 */
export function routesOfOpenApi(file: string): RouteList {
  const document = readDocument(file);
  const { paths } = document;
  if (!isObject(paths)) throw unusable(file, 'it has no paths: it is no OpenAPI document');
  const reader = new Reader(document);
  const routes: Route[] = [];
  const left: string[] = [];
  for (const [path, given] of Object.entries(paths)) {
    const item = reader.resolved(given);
    if (!isObject(item)) {
      left.push(`${path}: ${reader.why(given)}`);
      continue;
    }
    for (const method of METHODS) {
      const operation = item[method];
      if (!isObject(operation)) continue;
      const name = `${method.toUpperCase()} ${path}`;
      const route = reader.route(name, path, item, operation);
      if (typeof route === 'string') left.push(`${name}: ${route}`);
      else routes.push(route);
    }
  }
  return { routes, left };
}

function readDocument(file: string): Record<string, unknown> {
  const text = readTextOf(file);
  let value: unknown;
  try {
    // A document of megabytes is read at once as JSON, and in seconds as YAML.
    value = /^\s*\{/u.test(text) ? JSON.parse(text) : parseYaml(text);
  } catch (cause) {
    throw unusable(file, cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause), cause);
  }
  if (!isObject(value)) throw unusable(file, 'it holds no object');
  return value;
}

/** Makes routes of the operations of one document. */
class Reader {
  readonly #pointers: Pointers;
  /** `/api/v1`, or nothing. */
  readonly #base: string;

  constructor(document: Record<string, unknown>) {
    this.#pointers = new Pointers(document);
    this.#base = basePathOf(document['servers']);
  }

  resolved(value: unknown): unknown {
    return this.#pointers.resolved(value);
  }

  why(value: unknown): string {
    return this.#pointers.why(value);
  }

  /** The route, or why there is none. */
  route(name: string, path: string, item: Record<string, unknown>, operation: Record<string, unknown>): Route | string {
    const parameters = new Map<string, Parameter>();
    for (const list of [item['parameters'], operation['parameters']]) {
      for (const given of Array.isArray(list) ? (list as unknown[]) : []) {
        const parameter = this.resolved(given) as Parameter | undefined;
        if (parameter === undefined) return `a parameter ${this.why(given)}`;
        parameters.set(`${parameter.in} ${parameter.name}`, parameter);
      }
    }
    let filled = path;
    const query = new URLSearchParams();
    const headers: Record<string, string> = {};
    const cookies: string[] = [];
    for (const parameter of parameters.values()) {
      const { name: key, in: where, required = where === 'path' } = parameter;
      // What is optional is left away, unless its author gave a value.
      const value = required ? this.#valueOf(parameter) : this.#exampleOf(parameter);
      if (value === undefined && required)
        return `parameter '${key}' has no example, and none can be made of its schema`;
      if (value === undefined) continue;
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      if (where === 'path') filled = filled.replaceAll(`{${key}}`, encodeURIComponent(text));
      else if (where === 'query') query.append(key, text);
      else if (where === 'header') headers[key.toLowerCase()] = text;
      else if (where === 'cookie') cookies.push(`${key}=${encodeURIComponent(text)}`);
    }
    const open = /\{([^}]*)\}/u.exec(filled);
    if (open !== null) return `its path has '${open[1] ?? ''}', which is none of its parameters`;
    if (cookies.length > 0) headers['cookie'] = cookies.join('; ');
    const body = this.#bodyOf(operation['requestBody']);
    if (typeof body === 'string') return body;
    const search = query.size === 0 ? '' : `?${query.toString()}`;
    const type = body.type === null ? {} : { 'content-type': body.type };
    const method = name.slice(0, name.indexOf(' '));
    return { name, method, path: `${this.#base}${filled}${search}`, headers: { ...headers, ...type }, body: body.text };
  }

  /** What is sent, or why nothing can be. */
  #bodyOf(given: unknown): { type: string | null; text: string | null } | string {
    if (given === undefined) return { type: null, text: null };
    const body = this.resolved(given);
    if (!isObject(body)) return `its body ${this.why(given)}`;
    for (const [type, told] of Object.entries(isObject(body['content']) ? body['content'] : {})) {
      const value = this.#valueOf(told as Told);
      if (value === undefined) continue;
      if (typeof value === 'string') return { type, text: value };
      if (/[/+]json\b/u.test(type)) return { type, text: JSON.stringify(value) };
      if (type === 'application/x-www-form-urlencoded' && isObject(value)) return { type, text: formOf(value) };
    }
    return 'its body has no example, and none can be made of its schema';
  }

  #valueOf(told: Told): unknown {
    return this.#exampleOf(told) ?? sampleOf(told.schema, this.#pointers);
  }

  /** What the author gave: an example, the first of several, or the schema's own. */
  #exampleOf({ example, examples, schema }: Told): unknown {
    const several = isObject(examples) ? Object.values(examples) : [];
    const [first] = several.map((each) => this.resolved(each) as Example | undefined);
    const own = this.resolved(schema) as Schema | undefined;
    return example ?? first?.value ?? own?.example ?? own?.examples?.[0] ?? own?.default;
  }
}

/** The path of the first server: `https://shop.example/api/v1` and `/api/v1` are `/api/v1`. */
function basePathOf(servers: unknown): string {
  const [first] = Array.isArray(servers) ? (servers as { url?: unknown; variables?: unknown }[]) : [];
  if (typeof first?.url !== 'string') return '';
  const variables = isObject(first.variables) ? first.variables : {};
  const url = first.url.replaceAll(/\{([^}]*)\}/gu, (_, name: string) => {
    const { default: value } = (variables[name] ?? {}) as { default?: unknown };
    return typeof value === 'string' ? value : '';
  });
  return URL.canParse(url, 'http://service') ? new URL(url, 'http://service').pathname.replace(/\/$/u, '') : '';
}

function formOf(value: Record<string, unknown>): string {
  const fields = Object.entries(value).map(([name, each]): [string, string] => [
    name,
    typeof each === 'string' ? each : JSON.stringify(each),
  ]);
  return new URLSearchParams(fields).toString();
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
