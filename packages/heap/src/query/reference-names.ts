/** What references are called, by the rule of findings: a name that is data is told as `[key]` or `[]`. */
import { dictionaryTest, edgeLabel, typeName } from '../naming/labels.ts';
import { isNodeInternal } from '../naming/locator.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';

/** How far up an object's own way its code is looked for. */
const MOST_STEPS = 60;

/** Names the references of one heap. */
export class ReferenceNames {
  readonly #heap: OpenedHeap;
  readonly #allowStrings: boolean;
  readonly #isDictionary: (node: number) => boolean;
  readonly #filesOf = new Map<number, string[]>();

  constructor(heap: OpenedHeap, allowStrings: boolean) {
    this.#heap = heap;
    this.#allowStrings = allowStrings;
    this.#isDictionary = dictionaryTest(heap.graph);
  }

  /** The name of an edge of `from`. With `allowStrings`, as it stands in the file. */
  nameOf(from: number, edge: number): string {
    const { graph } = this.#heap;
    const type = graph.edgeType[edge];
    const isNumbered = type === graph.edgeTypes.element || type === graph.edgeTypes.hidden;
    if (this.#allowStrings) return isNumbered ? `[${graph.edgeName[edge]}]` : graph.strings.get(graph.edgeName[edge]);
    const label = edgeLabel(graph, from, edge, this.#isDictionary);
    if (type !== graph.edgeTypes.property || label.startsWith('[') || typeName(graph, from) !== 'Object') return label;
    return this.#isWord(from, label) ? label : '[key]';
  }

  /** Whether the program's code says this word: in its compiled functions, or in the files around the object. */
  #isWord(from: number, word: string): boolean {
    const isWord = ALWAYS.has(word) || this.#heap.codeWords.has(word);
    return isWord || this.#files(from).some((file) => this.#says(file, word));
  }

  #says(file: string, word: string): boolean {
    const whole = new RegExp(`(?<![\\w$])${word.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')}(?![\\w$])`);
    return this.#heap.sources.lines(file)?.some((line) => line.includes(word) && whole.test(line)) ?? false;
  }

  /** Files of the reader's or a package's code on the way to an object. */
  #files(node: number): string[] {
    let files = this.#filesOf.get(node);
    if (files === undefined) {
      const { routes, locator } = this.#heap;
      const found = new Set<string>();
      for (const { node: at } of routes.to(node).slice(-MOST_STEPS)) {
        if (isNodeInternal(locator.scriptName(at))) continue;
        const site = locator.site(at);
        if (site) found.add(site.script).add(site.location.file);
      }
      files = [...found];
      if (this.#filesOf.size > 1000) this.#filesOf.clear();
      this.#filesOf.set(node, files);
    }
    return files;
  }
}

/** Properties that V8 itself names. */
const ALWAYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
