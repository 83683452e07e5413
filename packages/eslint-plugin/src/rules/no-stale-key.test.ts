import { javascript, typescript } from '../fixtures/rule-tester.ts';
import { noStaleKey } from './no-stale-key.ts';

const rule = noStaleKey as never;
const store = (rotate: string): string => `
export class Store {
  sessions = new Map();
  open() { const session = newSession(); this.sessions.set(session.id, session); return session; }
  close(session) { this.sessions.delete(session.id); }
  ${rotate}
}`;

javascript.run('no-stale-key', rule, {
  valid: [
    {
      name: 'the former entry is deleted first',
      code: store(
        'rotate(session) { this.sessions.delete(session.id); session.id = newId(); this.sessions.set(session.id, session); }',
      ),
    },
    {
      name: 'an object gets its first key',
      code: 'const items = new Map(); export function add(item) { item.id = nextId(); items.set(item.id, item); }',
    },
    {
      name: 'the object is made here',
      code: store(
        'copy(other) { const session = { ...other }; session.id = newId(); this.sessions.set(session.id, session); }',
      ),
    },
    {
      name: 'another map',
      code: store('rename(session) { session.id = newId(); this.byName.set(session.id, session); }'),
    },
    {
      name: 'another property',
      code: store('touch(session) { session.seenAt = Date.now(); this.sessions.set(session.id, session); }'),
    },
  ],
  invalid: [
    {
      name: 'a session gets a fresh id at its login',
      code: store(`rotate(session) {
    session.id = newId();
    this.sessions.set(session.id, session);
  }`),
      errors: [
        {
          messageId: 'stale',
          suggestions: [
            {
              messageId: 'deleteFirst',
              output: store(`rotate(session) {
    this.sessions.delete(session.id);
    session.id = newId();
    this.sessions.set(session.id, session);
  }`),
            },
          ],
        },
      ],
    },
    {
      name: 'an object that was read from the map',
      code: `const jobs = new Map();
export function add(job) { jobs.set(job.key, job); }
export function move(key, next) {
  const job = jobs.get(key);
  job.key = next;
  jobs.set(job.key, job);
}`,
      errors: [
        {
          messageId: 'stale',
          suggestions: [
            {
              messageId: 'deleteFirst',
              output: `const jobs = new Map();
export function add(job) { jobs.set(job.key, job); }
export function move(key, next) {
  const job = jobs.get(key);
  jobs.delete(job.key);
job.key = next;
  jobs.set(job.key, job);
}`.replace('\njob.key = next', '\n  job.key = next'),
            },
          ],
        },
      ],
    },
  ],
});

typescript.run('no-stale-key, TypeScript', rule, {
  valid: [],
  invalid: [
    {
      name: 'with types in the way',
      code: `class S { private readonly m = new Map<string, T>();
add(t: T): void { this.m.set(t.id, t); }
rotate(t: T): void {
  t!.id = next();
  this.m.set(t!.id, t);
} }`,
      errors: [
        {
          messageId: 'stale',
          suggestions: [
            {
              messageId: 'deleteFirst',
              output: `class S { private readonly m = new Map<string, T>();
add(t: T): void { this.m.set(t.id, t); }
rotate(t: T): void {
  this.m.delete(t.id);
  t!.id = next();
  this.m.set(t!.id, t);
} }`,
            },
          ],
        },
      ],
    },
  ],
});
