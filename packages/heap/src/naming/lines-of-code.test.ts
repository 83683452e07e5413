import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { declarationLine, insertionLine, isSearchable, registrationLine, removalLines } from './lines-of-code.ts';
import { SourceFiles } from './source-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-lines-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let written = 0;

/** A file of these lines. */
function sourceOf(lines: string[]): string {
  const file = join(folder, `${String(written++)}.js`);
  writeFileSync(file, lines.join('\n'));
  return file;
}

/** A line of interest among others that hold the name too, but as a comment, a part of a longer name or a use. */
const among = (line: string): string[] => [
  '// const sessions = new Map(); sessions.set(1, 2); sessions.delete(1);',
  'const oldSessions = count(mySessions, sessions$, sessionsById);',
  line,
  'return sessions.size;',
];

describe('the line that declares a holder', () => {
  test.each([
    'const sessions = new Map();',
    'let first = 1, sessions = [];',
    'export const sessions: Map<string, Session> = new Map();',
    '    this.sessions = new Map();',
    '  private readonly sessions: Map<string, Session> = new Map();',
    '  static sessions = new Map();',
    'module.exports.sessions = new Map();',
    '  sessions: new Map(),',
    'globalThis.sessions = globalThis.sessions || new Map();',
  ])('%s', (line) => {
    expect(declarationLine(new SourceFiles(), sourceOf(among(line)), 'sessions')).toBe(3);
  });

  test('a private field, in a class', () => {
    expect(declarationLine(new SourceFiles(), sourceOf(['class Store {', '  #items = new Map();']), '#items')).toBe(2);
  });
});

describe('the line that adds to it', () => {
  test.each([
    'sessions.set(id, session);',
    'this.sessions.push(session);',
    'store.sessions?.add(session);',
    'sessions[id] = session;',
    'sessions[id] ??= [];',
    'sessions = [...sessions, session];',
    'sessions = sessions.concat(session);',
  ])('%s', (line) => {
    expect(insertionLine(new SourceFiles(), sourceOf(among(line)), 'sessions')).toBe(3);
  });

  test.each(['if (sessions[id] === session) return;', 'const one = sessions.get(id);', 'oldSessions.set(id, 1);'])(
    'not %s',
    (line) => {
      expect(insertionLine(new SourceFiles(), sourceOf(among(line)), 'sessions')).toBeUndefined();
    },
  );
});

test('every line that takes out of it is found, and no comment that speaks of it', () => {
  const lines = [
    'sessions.delete(id);',
    '// sessions.clear()',
    'delete sessions[id];',
    'sessions.length = 0;',
    'x.shift();',
  ];
  expect(removalLines(new SourceFiles(), sourceOf(lines), 'sessions')).toEqual([1, 3, 4]);
});

test('of several registrations for an event, the one nearest to the listener is told', () => {
  const lines = ["bus.on('paid', log);", '', "bus.on('sent', () => 1);", '', "bus.once('paid', () => order);"];
  const told = (event: string, near: number): unknown => {
    return registrationLine(new SourceFiles(), sourceOf(lines), event, near);
  };
  expect([told('paid', 5), told('paid', 1), told('sent', 5), told('other', 5)]).toEqual([5, 1, 3, 5]);
});

test('what is no name of a variable is not looked for: data, and the letters of minified code', () => {
  expect(
    ['sessions', '#items', '_events', '$', 'a', '#a', 'order:paid', '[key]', '', 'a-b'].filter(isSearchable),
  ).toEqual(['sessions', '#items', '_events']);
  const file = sourceOf(['const a = new Map();', 'a.set(1, 2);', "x['(((+'] = 1;"]);
  for (const name of ['a', '(((+']) {
    expect(declarationLine(new SourceFiles(), file, name)).toBeUndefined();
    expect(insertionLine(new SourceFiles(), file, name)).toBeUndefined();
    expect(removalLines(new SourceFiles(), file, name)).toEqual([]);
  }
});

test('a file that is not there has no lines', () => {
  const gone = join(folder, 'gone.js');
  expect(declarationLine(new SourceFiles(), gone, 'sessions')).toBeUndefined();
  expect(registrationLine(new SourceFiles(), gone, 'paid', 1)).toBeUndefined();
  expect(removalLines(new SourceFiles(), gone, 'sessions')).toEqual([]);
});
