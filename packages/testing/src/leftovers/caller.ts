const MOST_FRAMES = 30;

/**
 * The nearest frame that is neither Node.js' own, nor of an installed package, nor of this one; null where there is none.
 * Test runners map places in the stacks of errors themselves.
 */
export function callerPlace(): string | null {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = MOST_FRAMES;
  const stack = new Error('where').stack ?? '';
  Error.stackTraceLimit = stackTraceLimit;
  for (const line of stack.split('\n').slice(1)) {
    // jest names modules `file:/shop/orders.mjs`.
    const place = /(?:\(|^at (?:async )?)((?:file:(?:\/\/)?)?\/[^()]+:\d+:\d+)\)?$/
      .exec(line.trim())?.[1]
      ?.replace(/^file:(?:\/\/)?/, '');
    if (place === undefined || place.includes('/node_modules/') || isOwn(place)) continue;
    return place;
  }
  return null;
}

/** What makes the stacks: this folder's files as they run, and as test runners map them to their sources. */
function isOwn(place: string): boolean {
  return place.startsWith(PACKAGE) && OWN_FILE.test(place.slice(PACKAGE.length));
}

const PACKAGE = new URL('../..', import.meta.url).pathname;
const OWN_FILE = /^(?:src|dist)\/leftovers\/(?:caller|listeners|resources|stocktaking)\.[jt]s:/u;
