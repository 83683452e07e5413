/**
 * The least that reading a snapshot up to retained sizes can cost in typed arrays, so that everyone can see how near an
 * engine is: numbers of nodes and edges (by Ebb's compiled kernel, the fastest we know), edges both ways, SemiNCA,
 * retained sizes, distances. No names, no classes, no strings, no checks, no rules on what counts as holding but "not
 * weak". Run with the file as argument; prints what it found as JSON.
 */
import { closeSync, openSync, readSync } from 'node:fs';

const kernelFolder = new URL('../../packages/heap/dist/parse/kernel/', import.meta.url);
const { WINDOW_BYTES } = await import(new URL('kernel.js', kernelFolder).href);
const { WasmKernel } = await import(new URL('wasm-kernel.js', kernelFolder).href);

const WEAK = 6;
const kernel = WasmKernel.create(0);
if (kernel === null) throw new Error('The floor needs WebAssembly.');

const fd = openSync(process.argv[2] ?? '', 'r');
const head = Buffer.alloc(8192);
readSync(fd, head, 0, head.length, 0);
const header = head.toString('latin1');
const nodeCount = Number(/"node_count":(\d+)/u.exec(header)?.[1]);
const edgeCount = Number(/"edge_count":(\d+)/u.exec(header)?.[1]);
const nodeFields = (/"node_fields":\[([^\]]*)\]/u.exec(header)?.[1] ?? '').split(',').length;
const nodeFieldAt = { type: 0, name: 1, id: 2, selfSize: 3, edgeCount: 4 };

let filePosition = header.indexOf('"nodes":[') + '"nodes":['.length;

/**
 * Hands the section's rows over until its bracket closes, and leaves `filePosition` behind it.
 * @param {number} width
 * @param {(rows: number) => void} onRows
 */
function section(width, onRows) {
  kernel.reset();
  let carried = 0;
  let waiting = 0;
  for (;;) {
    const fresh = readSync(fd, kernel.input, carried, WINDOW_BYTES - carried, filePosition);
    const { stopped, taken, written } = kernel.scan(carried + fresh, waiting);
    const integers = waiting + written;
    const rows = Math.floor(integers / width);
    onRows(rows);
    kernel.integers.copyWithin(0, rows * width, integers);
    waiting = integers - rows * width;
    if (stopped !== 0) {
      filePosition += taken - carried + 1;
      return;
    }
    filePosition += fresh;
    kernel.input.copyWithin(0, taken, carried + fresh);
    carried = carried + fresh - taken;
  }
}

const selfSize = new Uint32Array(nodeCount);
const firstEdge = new Uint32Array(nodeCount + 1);
let row = 0;
section(nodeFields, (rows) => {
  kernel.nodes(rows, nodeFields, nodeFieldAt, 255);
  selfSize.set(kernel.columns[2].subarray(0, rows), row);
  firstEdge.set(kernel.columns[3].subarray(0, rows), row + 1);
  row += rows;
});
readSync(fd, head, 0, 64, filePosition);
filePosition += head.toString('latin1', 0, 64).indexOf('[') + 1;
const edgeTo = new Uint32Array(edgeCount);
const edgeType = new Uint8Array(edgeCount);
row = 0;
const check = { typeCount: 255, named: 0n, nodeFields, nodeCount };
section(3, (rows) => {
  kernel.edges(rows, 3, { type: 0, name: 1, to: 2 }, check);
  edgeTo.set(kernel.columns[1].subarray(0, rows), row);
  edgeType.set(kernel.types.subarray(0, rows), row);
  row += rows;
});
closeSync(fd);

const firstRetainer = new Uint32Array(nodeCount + 1);
for (let edge = 0; edge < edgeCount; edge++) if (edgeType[edge] !== WEAK) firstRetainer[edgeTo[edge]]++;
for (let node = 0, sum = 0; node <= nodeCount; node++) firstRetainer[node] = sum += firstRetainer[node];
const retainer = new Uint32Array(firstRetainer[nodeCount]);
for (let node = nodeCount - 1; node >= 0; node--) {
  for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
    if (edgeType[edge] !== WEAK) retainer[--firstRetainer[edgeTo[edge]]] = node;
  }
}

// Depth first, numbers from 1.
const numberOf = new Uint32Array(nodeCount);
const order = new Uint32Array(nodeCount + 1);
const parent = new Uint32Array(nodeCount + 1);
const stack = new Uint32Array(nodeCount);
const nextEdge = new Uint32Array(nodeCount);
let reached = 1;
order[1] = 0;
numberOf[0] = 1;
for (let top = 0; top >= 0;) {
  const node = stack[top];
  const end = firstEdge[node + 1];
  let edge = nextEdge[top];
  let child = 0;
  for (; edge < end && child === 0; edge++) {
    if (edgeType[edge] !== WEAK && numberOf[edgeTo[edge]] === 0) child = edgeTo[edge];
  }
  nextEdge[top] = edge;
  if (child === 0) top--;
  else {
    parent[++reached] = numberOf[node];
    order[reached] = child;
    numberOf[child] = reached;
    stack[++top] = child;
    nextEdge[top] = firstEdge[child];
  }
}

// SemiNCA.
const semi = new Uint32Array(reached + 1);
const label = new Uint32Array(reached + 1);
const ancestor = parent.slice(0, reached + 1);
for (let v = 1; v <= reached; v++) semi[v] = label[v] = v;
/** @type {(v: number, w: number) => number} */
const evaluate = (v, w) => {
  let top = 0;
  let u = v;
  for (; ancestor[u] > w; u = ancestor[u]) stack[top++] = u;
  const above = ancestor[u];
  let least = label[u];
  while (top > 0) {
    u = stack[--top];
    if (semi[least] < semi[label[u]]) label[u] = least;
    else least = label[u];
    ancestor[u] = above;
  }
  return least;
};
for (let w = reached; w > 1; w--) {
  const node = order[w];
  let best = parent[w];
  if (firstRetainer[node + 1] - firstRetainer[node] > 1) {
    for (let slot = firstRetainer[node]; slot < firstRetainer[node + 1]; slot++) {
      const v = numberOf[retainer[slot]];
      if (v === 0) continue;
      const candidate = v > w ? semi[evaluate(v, w)] : v;
      if (candidate < best) best = candidate;
    }
  }
  semi[w] = best;
}
const dominator = label;
dominator[1] = 1;
for (let w = 2; w <= reached; w++) {
  let d = parent[w];
  while (d > semi[w]) d = dominator[d];
  dominator[w] = d;
}
const retained = new Float64Array(reached + 1);
for (let w = reached; w > 1; w--) {
  retained[w] += selfSize[order[w]];
  retained[dominator[w]] += retained[w];
}

// Distances, breadth first; `parent` and `stack` are free again.
const distance = parent.fill(0);
let queued = 1;
stack[0] = 0;
distance[0] = 1;
for (let at = 0; at < queued; at++) {
  const node = stack[at];
  for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
    const to = edgeTo[edge];
    if (edgeType[edge] === WEAK || distance[to] !== 0) continue;
    distance[to] = distance[node] + 1;
    stack[queued++] = to;
  }
}

const { user, system } = process.cpuUsage();
console.log(
  JSON.stringify({
    cpuSeconds: (user + system) / 1e6,
    peakRssMegabytes: process.resourceUsage().maxRSS / 1024,
    nodes: nodeCount,
    reached,
    retainedMegabytes: retained[1] / 1e6,
  }),
);
