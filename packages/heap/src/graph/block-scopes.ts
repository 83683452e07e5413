/**
 * The names of variables in the scopes of blocks. V8 writes references from the scope of a function with the names of the
 * variables, and those from the scope of a block (`{ const kept = new Set(); … }`, the body of a module that vite's module
 * runner compiled) as numbered, hidden ones. The scope's description lists the names in the order of the slots. A slot
 * without an object (undefined, a boolean) has no reference, so that they fit one to one only where there are as many of
 * both: in all of the scope, or between two functions that are called as their variable is.
 */
import type { ParsedSnapshot } from '../parse/parse-snapshot.ts';
import type { EdgeTypes, NodeTypes } from './types.ts';

/** Makes such references named ones, of the type `context`, where it is sure which they are. O(nodes). */
export function nameBlockScopes(parsed: ParsedSnapshot, nodeTypes: NodeTypes, edgeTypes: EdgeTypes): void {
  const { edgeType, edgeName, firstEdge, nodeCount, nodeName, nodeType, strings } = parsed;
  if (edgeTypes.context < 0 || edgeTypes.hidden < 0) return;
  const isScope = new Int8Array(strings.length).fill(-1);
  const nameScope = (scope: number): void => {
    const slots: number[] = [];
    let description = -1;
    for (let edge = firstEdge[scope]; edge < firstEdge[scope + 1]; edge++) {
      if (edgeType[edge] === edgeTypes.context) return; // of a function, which V8 has named
      if (edgeType[edge] === edgeTypes.hidden) slots.push(edge);
      else if (edgeType[edge] === edgeTypes.internal && strings.is(edgeName[edge], 'scope_info'))
        description = parsed.edgeTo[edge];
    }
    if (slots.length === 0 || description < 0) return;
    for (const [edge, name] of pairs(parsed, nodeTypes, slots, namesOf(parsed, nodeTypes, edgeTypes, description))) {
      edgeType[edge] = edgeTypes.context;
      edgeName[edge] = name;
    }
  };
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== nodeTypes.object && nodeType[node] !== nodeTypes.hidden) continue;
    const name = nodeName[node];
    if (isScope[name] === -1) isScope[name] = strings.is(name, 'system / Context') ? 1 : 0;
    if (isScope[name] === 1) nameScope(node);
  }
}

/** The names of a scope's variables, as indices of strings. */
function namesOf(parsed: ParsedSnapshot, nodeTypes: NodeTypes, edgeTypes: EdgeTypes, description: number): number[] {
  const { edgeType, edgeTo, firstEdge, nodeName, nodeType } = parsed;
  const names: number[] = [];
  for (let edge = firstEdge[description]; edge < firstEdge[description + 1]; edge++) {
    const to = edgeTo[edge];
    if (edgeType[edge] === edgeTypes.hidden && nodeType[to] === nodeTypes.string) names.push(nodeName[to]);
  }
  return names;
}

/** References with their names, where it is sure. */
function pairs(
  { edgeTo, nodeName, nodeType }: ParsedSnapshot,
  nodeTypes: NodeTypes,
  slots: readonly number[],
  names: readonly number[],
): (readonly [edge: number, name: number])[] {
  const anchors: { slot: number; name: number }[] = [];
  for (const [slot, edge] of slots.entries()) {
    const to = edgeTo[edge];
    const name = nodeType[to] === nodeTypes.closure ? names.indexOf(nodeName[to]) : -1;
    const before = anchors.at(-1)?.name ?? -1;
    // Two variables of one name do not stand in one scope: another function of this name is no variable's.
    if (name > before && name >= slot) anchors.push({ slot, name });
  }
  const sure: (readonly [number, number])[] = [];
  let last = { slot: -1, name: -1 };
  for (const next of [...anchors, { slot: slots.length, name: names.length }]) {
    if (next.slot - last.slot === next.name - last.name)
      for (let at = 1; last.slot + at < next.slot; at++) sure.push([slots[last.slot + at], names[last.name + at]]);
    if (next.slot < slots.length) sure.push([slots[next.slot], names[next.name]]);
    last = next;
  }
  return sure;
}
