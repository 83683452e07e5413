import type { ParsedSnapshot } from '../parse/parse-snapshot.ts';

/** Node types by what V8 calls them; -1 where a snapshot's format does not have one. */
export interface NodeTypes {
  hidden: number;
  array: number;
  string: number;
  object: number;
  code: number;
  closure: number;
  regexp: number;
  number: number;
  native: number;
  synthetic: number;
  concatenatedString: number;
  slicedString: number;
  symbol: number;
  bigint: number;
  objectShape: number;
}

/** Edge types by what V8 calls them; -1 where a snapshot's format does not have one. */
export interface EdgeTypes {
  context: number;
  element: number;
  property: number;
  internal: number;
  hidden: number;
  shortcut: number;
  weak: number;
}

/** The numbers that a snapshot has for them. */
export function typesOf(layout: ParsedSnapshot['layout']): { nodeTypes: NodeTypes; edgeTypes: EdgeTypes } {
  const nodeType = (name: string): number => layout.nodeTypeNames.indexOf(name);
  const edgeType = (name: string): number => layout.edgeTypeNames.indexOf(name);
  const nodeTypes: NodeTypes = {
    hidden: nodeType('hidden'),
    array: nodeType('array'),
    string: nodeType('string'),
    object: nodeType('object'),
    code: nodeType('code'),
    closure: nodeType('closure'),
    regexp: nodeType('regexp'),
    number: nodeType('number'),
    native: nodeType('native'),
    synthetic: nodeType('synthetic'),
    concatenatedString: nodeType('concatenated string'),
    slicedString: nodeType('sliced string'),
    symbol: nodeType('symbol'),
    bigint: nodeType('bigint'),
    objectShape: nodeType('object shape'),
  };
  const edgeTypes: EdgeTypes = {
    context: edgeType('context'),
    element: edgeType('element'),
    property: edgeType('property'),
    internal: edgeType('internal'),
    hidden: edgeType('hidden'),
    shortcut: edgeType('shortcut'),
    weak: edgeType('weak'),
  };
  return { nodeTypes, edgeTypes };
}
