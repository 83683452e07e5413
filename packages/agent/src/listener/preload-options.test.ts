import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// By name: the preload exists in dist/ only.
import { preloadOptions, preloadPath } from '@ebb/agent';
import { describe, expect, it } from 'vitest';

const preload = `--require ${preloadPath}`;

describe('preloadOptions', () => {
  it('preloads the agent, after the options that the program has already', () => {
    expect(preloadOptions(['node', 'server.js'], {})).toEqual({
      command: ['node', 'server.js'],
      nodeOptions: preload,
      attached: true,
    });
    const own = '--max-old-space-size=100 --require "./own one.cjs"';
    expect(preloadOptions(['npm', 'start'], { NODE_OPTIONS: own }).nodeOptions).toBe(`${own} ${preload}`);
  });

  it('preloads it once', () => {
    expect(preloadOptions(['node', 'x'], { NODE_OPTIONS: preload }).nodeOptions).toBe(preload);
  });

  it('takes a flag of the program itself for what it is', () => {
    expect(preloadOptions(['node', '-r', './a.cjs', 'server.js', '--permission'], {})).toMatchObject({
      command: ['node', '-r', './a.cjs', 'server.js', '--permission'],
      attached: true,
    });
  });

  it('leaves a package script alone that turns on the permission model, and says why', () => {
    const directory = mkdtempSync(join(tmpdir(), 'ebb-script-'));
    try {
      const scripts = { start: 'node --permission server.js', dev: 'node server.js' };
      writeFileSync(join(directory, 'package.json'), JSON.stringify({ scripts }));
      const context = { cwd: directory };
      const start = preloadOptions(['npm', 'start'], { NODE_OPTIONS: '--no-warnings' }, context);
      expect(start).toMatchObject({ attached: false, nodeOptions: '--no-warnings' });
      expect(start.reason).toContain('node --permission server.js');
      expect(preloadOptions(['npm', 'run', 'dev'], {}, context)).toMatchObject({ attached: true });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
