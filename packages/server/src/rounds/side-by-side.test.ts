import { expect, test } from 'vitest';
import { sideBySide } from './side-by-side.ts';

test('some at once, in their order, five at the most', async () => {
  let now = 0;
  let most = 0;
  const results = await sideBySide(Array.from({ length: 20 }).keys(), async (item) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    return item * 2;
  });
  expect(most).toBe(5);
  expect(results).toEqual(Array.from({ length: 20 }, (_, item) => item * 2));
});

test('what fails for one keeps no other from its turn, and is told once', async () => {
  const done: number[] = [];
  const failing = sideBySide([1, 2, 3, 4], async (item) => {
    if (item % 2 === 0) throw new Error('even');
    done.push(item);
    await Promise.resolve();
  });
  await expect(failing).rejects.toThrow(/^even$/);
  await expect(failing).rejects.toMatchObject({ errors: [{ message: 'even' }, { message: 'even' }] });
  expect(done).toEqual([1, 3]);
});
