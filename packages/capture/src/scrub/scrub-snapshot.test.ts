import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeHeapSnapshot } from 'node:v8';
import { afterAll, describe, expect, it } from 'vitest';
import { scrubSnapshot } from './scrub-snapshot.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-scrub-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Snapshot {
  snapshot: { meta: { node_fields: string[]; node_types: [string[]]; edge_fields: string[]; edge_types: [string[]] } };
  nodes: number[];
  edges: number[];
  strings: string[];
}

const read = (file: string): Snapshot => JSON.parse(readFileSync(file, 'utf8')) as Snapshot;

class Customer {
  readonly passPhrase: string;
  readonly card: number;
  readonly visits: number;
  constructor(id: number) {
    this.passPhrase = `secret passphrase ${id} \u{1F511} "quoted" \\ and so on`;
    this.card = 4_000_123_400_000_000 + id;
    this.visits = 4711;
  }
}

/** Held by the test while it writes, so that all of it is in the snapshot. */
const shop = {
  customers: new Map(Array.from({ length: 50 }, (_, id) => [`secret key ${id}`, new Customer(id)])),
  byToken: Object.fromEntries(
    Array.from({ length: 50 }, (_, id) => [`secretToken${'x'.repeat(id % 7)}Q${id}`, { id }]),
  ),
  pattern: new RegExp(`secret pattern ${Date.now()}`),
  joined: ['secret', 'joined', String(Date.now())].join(' '),
  bigNumber: BigInt('123456789012345678901234567890'),
};

describe('scrubSnapshot', () => {
  const [before, after] = [join(folder, 'before.heapsnapshot'), join(folder, 'after.heapsnapshot')];
  writeHeapSnapshot(before, { exposeNumericValues: true });

  it('takes out what strings, keys, patterns and long numbers hold, and changes nothing but strings', async () => {
    const scrubbed = await scrubSnapshot(before, after);
    expect(Object.keys(shop).length).toBe(5);
    const [whole, rest] = [read(before), read(after)];
    const secrets = /secret (?:passphrase|key|pattern|joined)|secretToken|4000123400000|12345678901234567/;
    expect(whole.strings.filter((text) => secrets.test(text)).length).toBeGreaterThan(100);
    // This test's own source speaks of them in the names of nothing.
    expect(rest.strings.filter((text) => secrets.test(text))).toEqual([]);
    expect(rest.nodes).toEqual(whole.nodes);
    expect(rest.edges).toEqual(whole.edges);
    expect(rest.strings.length).toBe(whole.strings.length);
    expect(scrubbed).toEqual({
      file: after,
      bytes: statSync(after).size,
      keptStrings: rest.strings.filter((text) => text !== '[string]').length,
      removedStrings: rest.strings.filter((text) => text === '[string]').length,
    });
    expect(statSync(after).mode & 0o777).toBe(0o600);
  });

  it('leaves the names of classes, functions, scripts, variables and fields, and short numbers', () => {
    const { strings } = read(after);
    for (const name of [
      'Customer',
      'passPhrase',
      'visits',
      'customers',
      'byToken',
      'readonly',
      'scrubSnapshot',
      '4711',
    ]) {
      expect([name, strings.includes(name)]).toEqual([name, name !== 'readonly']);
    }
    expect(strings.some((text) => text.endsWith('scrub-snapshot.test.ts'))).toBe(true);
  });

  it('leaves an existing file alone, and nothing behind when the input is no snapshot or was cut off', async () => {
    const target = join(folder, 'target');
    await expect(scrubSnapshot(before, after)).rejects.toMatchObject({ code: 'EBB_CAPTURE_EXISTS' });
    await expect(scrubSnapshot(join(folder, 'none'), target)).rejects.toMatchObject({ code: 'EBB_CAPTURE_FILE' });
    const text = readFileSync(before);
    const wrong: Record<string, Buffer> = {
      empty: Buffer.alloc(0),
      prose: Buffer.from('not a snapshot'),
      json: Buffer.from('{"snapshot":{"meta":{}},"nodes":[],"edges":[],"strings":[]}'),
      half: text.subarray(0, text.length / 2),
      nearly: text.subarray(0, text.length - 100),
      strange: Buffer.from(text.toString('latin1').replace(/"node_count":\d+/, '"node_count":3'), 'latin1'),
    };
    for (const [name, bytes] of Object.entries(wrong)) {
      const file = join(folder, name);
      writeFileSync(file, bytes);
      await expect(scrubSnapshot(file, target), name).rejects.toMatchObject({ code: 'EBB_CAPTURE_NOT_A_SNAPSHOT' });
      expect(existsSync(target)).toBe(false);
    }
  });
});
