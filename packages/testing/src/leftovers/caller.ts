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
    const place = /(?:\(|^at (?:async )?)((?:file:\/\/)?\/[^()]+:\d+:\d+)\)?$/
      .exec(line.trim())?.[1]
      ?.replace(/^file:\/\//, '');
    if (place === undefined || place.includes('/node_modules/') || OWN_FILES.some((own) => place.startsWith(own)))
      continue;
    return place;
  }
  return null;
}

/** What makes the stacks. */
const FOLDER = new URL('.', import.meta.url).pathname;
const OWN_FILES = ['caller', 'listeners', 'resources', 'stocktaking'].flatMap((name) => [
  `${FOLDER}${name}.ts:`,
  `${FOLDER}${name}.js:`,
]);
