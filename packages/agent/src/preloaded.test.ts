import { describe, expect, it } from 'vitest';
import { isPreloaded } from './preloaded.ts';

describe('isPreloaded', () => {
  it.each([
    [['--import', '@ebb/agent'], undefined],
    [['--import=@ebb/agent'], undefined],
    [[], '--max-old-space-size=200 --import @ebb/agent'],
    [[], '--import=@ebb/agent'],
  ])('holds for %j and NODE_OPTIONS %j', (execArgv, nodeOptions) => {
    expect(isPreloaded(execArgv, nodeOptions)).toBe(true);
  });

  it.each([
    [[], undefined],
    [['--import', '@ebb/agent/register'], '--import=@ebb/agent/register'],
    [['--require', '/x/@ebb/agent'], ''],
  ])('does not for %j and NODE_OPTIONS %j', (execArgv, nodeOptions) => {
    expect(isPreloaded(execArgv, nodeOptions)).toBe(false);
  });
});
