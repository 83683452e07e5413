/** A place in the code that allocates: the start of a function, as V8 tells it. */
export interface AllocationFrame {
  /** Empty for a function without a name. */
  function: string;
  /** URL or path of the script as V8 knows it; empty for what is no script (the runtime itself). */
  url: string;
  /** From 1; 0 where there is none. */
  line: number;
  column: number;
}

/** What one call site has allocated and what is still alive of it. */
export interface AllocationSite {
  /** From the allocating function outwards, cut off after {@link ProfileLimits.frames}. */
  stack: AllocationFrame[];
  /** An estimate: samples, each weighed by how likely it was to be taken. */
  liveBytes: number;
}

/** What was alive at one moment of what had been allocated since the sampling began. */
export interface AllocationProfile {
  /** The largest first. */
  sites: AllocationSite[];
  /** What is alive from all other sites together. */
  otherBytes: number;
  /** One sample in so many bytes, on average. */
  intervalBytes: number;
}

/** How much of a profile is kept. */
export interface ProfileLimits {
  sites: number;
  /** Of each stack. */
  frames: number;
  /** Characters of a function's name; longer ones are cut. */
  nameLength: number;
  /** Characters of a URL; a script with a longer one (a `data:` URL, say) is told without it. */
  urlLength: number;
}

/** What a watcher needs: about 10 KB as JSON as a rule, 90 at the most. */
export const usualLimits: ProfileLimits = { sites: 48, frames: 6, nameLength: 80, urlLength: 240 };

/** A node of what `HeapProfiler.getSamplingProfile` gives; lines and columns from 0. */
export interface SampledNode {
  callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number };
  selfSize: number;
  children: SampledNode[];
}

/**
 * The largest call sites of a sampled tree of calls. A site is an allocating function together with who called it, as
 * far as stacks are kept: sites that differ only further out are one. Cost: nodes, and the kept ones' sorting.
 */
export function condenseProfile(
  head: SampledNode,
  intervalBytes: number,
  limits: ProfileLimits = usualLimits,
): AllocationProfile {
  const sites = new Map<string, AllocationSite>();
  // Not recursive: stacks of the watched program may be deeper than what is left of this one.
  const open: { node: SampledNode; above: Above | null }[] = [{ node: head, above: null }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const here: Above = { node: next.node, above: next.above };
    if (next.node.selfSize > 0) addSite(sites, here, limits);
    for (const node of next.node.children) open.push({ node, above: here });
  }
  const largest = [...sites.values()].sort((a, b) => b.liveBytes - a.liveBytes);
  const otherBytes = largest.slice(limits.sites).reduce((sum, { liveBytes }) => sum + liveBytes, 0);
  return { sites: largest.slice(0, limits.sites), otherBytes, intervalBytes };
}

interface Above {
  node: SampledNode;
  above: Above | null;
}

function addSite(sites: Map<string, AllocationSite>, here: Above, limits: ProfileLimits): void {
  const stack: AllocationFrame[] = [];
  for (let at: Above | null = here; at?.above != null && stack.length < limits.frames; at = at.above) {
    const { functionName, url, lineNumber, columnNumber } = at.node.callFrame;
    stack.push({
      function: functionName.slice(0, limits.nameLength),
      url: url.length > limits.urlLength ? '' : url,
      line: lineNumber + 1,
      column: columnNumber + 1,
    });
  }
  const key = siteKey(stack);
  const site = sites.get(key);
  if (site === undefined) sites.set(key, { stack, liveBytes: here.node.selfSize });
  else site.liveBytes += here.node.selfSize;
}

/** The same for the same stack, in every profile of one process. */
export function siteKey(stack: readonly AllocationFrame[]): string {
  return stack.map((frame) => `${frame.url}:${frame.line}:${frame.column}:${frame.function}`).join('\n');
}
