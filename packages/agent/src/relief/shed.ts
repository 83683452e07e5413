/**
 * Sheds routes: while one of them is named in a file, its requests are answered with 503 and `Retry-After`, and nothing of
 * the program sees them. Which routes may be shed at all is said in the program; the file only chooses among them.
 *
 * While nothing is shed nothing is in the way. While something is, requests pass through one function before the program's
 * own listeners: Node's channels tell of a request, but cannot keep it from the program.
 */
import { readFileSync, statSync } from 'node:fs';
import { Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Server as HttpsServer } from 'node:https';

/** What may be shed, and who says so. */
export interface ShedOptions {
  /** A file with a route a line; that it is not there, or empty, means none. Of this user or root, and writable by nobody else. */
  file: string;
  /** Routes that may be shed, such as `POST /login` or `GET /users/:id/orders`; what the file names besides is ignored. */
  allow: readonly string[];
  /** What clients are told to wait, in seconds; default 30. */
  retryAfterSeconds?: number;
  /** How often the file is looked at; default 1000. */
  everyMs?: number;
}

/** Shedding that is armed. */
export interface Shedder {
  /** The routes that are shed now. */
  readonly shed: readonly string[];
  /** Requests that were answered with 503 so far. */
  readonly answered: number;
  /** Looks at the file now, and not only at the next time. */
  look(): void;
  /** Sheds nothing any more. */
  stop(): void;
}

interface Pattern {
  route: string;
  method: string;
  path: RegExp;
}

const mostFileBytes = 65_536;

/**
 * Arms it.
 *
 * @throws {RangeError} when a route is none, or a number makes no sense
 */
export function armShed({ file, allow, retryAfterSeconds = 30, everyMs = 1000 }: ShedOptions): Shedder {
  if (!(Number.isSafeInteger(retryAfterSeconds) && retryAfterSeconds >= 0 && retryAfterSeconds <= 86_400))
    throw new RangeError(`retryAfterSeconds is a whole number up to a day, not ${String(retryAfterSeconds)}`);
  if (!(everyMs >= 10 && everyMs <= 3_600_000))
    throw new RangeError(`everyMs is from 10 to an hour, not ${String(everyMs)}`);
  const patterns = allow.map(patternOf);
  const state = { shed: [] as Pattern[], answered: 0 };
  const answer = ({ method = '', url = '' }: IncomingMessage, response: ServerResponse): boolean => {
    const path = url.split('?', 1)[0] ?? '';
    if (!state.shed.some((one) => one.method === method && one.path.test(path))) return false;
    state.answered += 1;
    response.writeHead(503, { 'retry-after': String(retryAfterSeconds), 'content-length': '0' }).end();
    return true;
  };
  const gates = [gateOf(HttpServer.prototype, answer), gateOf(HttpsServer.prototype, answer)];
  const look = (): void => {
    const named = new Set(readRoutes(file));
    state.shed = patterns.filter(({ route }) => named.has(route));
    for (const gate of gates) gate(state.shed.length > 0);
  };
  look();
  const timer = setInterval(look, everyMs).unref();
  return {
    get shed() {
      return state.shed.map(({ route }) => route);
    },
    get answered() {
      return state.answered;
    },
    look,
    stop: () => {
      clearInterval(timer);
      state.shed = [];
      for (const gate of gates) gate(false);
    },
  };
}

function patternOf(route: string): Pattern {
  const [, method = '', path = ''] = /^([A-Z]+) (\/\S*)$/.exec(route) ?? [];
  if (method === '' || /[*(){}?+]/.test(path))
    throw new RangeError(
      `a route is a method and a path such as 'POST /login' or 'GET /users/:id', not '${route.slice(0, 100)}'`,
    );
  const segments = path
    .replace(/\/$/, '')
    .split('/')
    .map((segment) => (segment.startsWith(':') ? '[^/]+' : segment.replace(/[.^$|[\]\\]/g, '\\$&')));
  // As Express does: upper and lower case alike, with a slash at the end or without.
  return { route, method, path: new RegExp(`^${segments.join('/')}/?$`, 'i') };
}

/** Routes of the file; none where it cannot be trusted or read. */
function readRoutes(file: string): string[] {
  try {
    const { mode, uid, size } = statSync(file);
    const own = process.getuid?.() ?? uid;
    if ((uid !== own && uid !== 0) || (mode & 0o022) !== 0 || size > mostFileBytes) return [];
    return readFileSync(file, 'utf8')
      .split(/\r?\n/)
      .map((line) => line.trim());
  } catch {
    return [];
  }
}

type Emit = (this: unknown, name: string | symbol, ...told: unknown[]) => boolean;

/** Puts a look at each request before a kind of server's listeners, and takes it away again. */
function gateOf(
  prototype: object,
  answer: (request: IncomingMessage, response: ServerResponse) => boolean,
): (isOpen: boolean) => void {
  const servers = prototype as { emit: Emit };
  let before: PropertyDescriptor | undefined;
  let own: Emit | undefined;
  return (isShedding) => {
    if (isShedding && own === undefined) {
      before = Object.getOwnPropertyDescriptor(servers, 'emit');
      const emit = servers.emit;
      own = function (name, ...told) {
        const isRequest = name === 'request' || name === 'checkContinue';
        if (isRequest && answer(told[0] as IncomingMessage, told[1] as ServerResponse)) return true;
        return emit.call(this, name, ...told);
      };
      Object.defineProperty(servers, 'emit', { value: own, configurable: true, writable: true, enumerable: false });
    } else if (!isShedding && own !== undefined && servers.emit === own) {
      // Where somebody else stands before it by now, it stays, and answers nothing.
      if (before === undefined) Reflect.deleteProperty(servers, 'emit');
      else Object.defineProperty(servers, 'emit', before);
      own = undefined;
    }
  };
}
