/**
 * What the source calls a variable or a class of compiled, bundled or minified code. V8 knows the names of the code that
 * runs; where its source map tells names (or brings the sources along), the original is found at the declaration:
 *
 * 1. The script's text is masked: strings, comments and regular expressions become blanks, so that braces count.
 * 2. From a function that stands in the variable's scope, the blocks around it are looked through from the inside out,
 *    as JavaScript itself looks a name up, for a declaration of it: a variable, a parameter, a function, a class.
 * 3. The map says which source that position came from, and what stands there.
 */
import type { SourceFiles } from './source-files.ts';

/** A position in a script; lines and columns from 0. */
export interface ScriptPosition {
  line: number;
  column: number;
}

/** A declaration in the source that a person edits; lines and columns start at 1. */
export interface OriginalName {
  name: string;
  file: string;
  line: number;
  column: number;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** What a class or function may begin with in its source, and is not called. */
const NO_NAMES = new Set(['constructor', 'class', 'function', 'async', 'get', 'set', 'static', 'export', 'default']);
const LARGEST_SCRIPT = 16 << 20;

/** Looks names up in the source maps of scripts; each script is read once. */
export class BundledNames {
  readonly #sources: SourceFiles;
  readonly #scripts = new Map<string, MaskedScript | null>();

  constructor(sources: SourceFiles) {
    this.#sources = sources;
  }

  /** The declaration of a variable of the scope that a function at `inside` stands in. O(script), once each. */
  variable(script: string, name: string, inside: ScriptPosition): OriginalName | undefined {
    const masked = this.#masked(script, name);
    const at = masked?.declarationOf(name, masked.offsetOf(inside));
    return masked === undefined || at === undefined ? undefined : this.#original(script, masked.positionOf(at));
  }

  /** The original of a function's or class's name, which stands at its code's beginning or just before. */
  named(script: string, name: string, at: ScriptPosition): string | undefined {
    const masked = this.#masked(script, name);
    const offset = masked?.nearest(name, masked.offsetOf(at), 100);
    return masked === undefined || offset === undefined
      ? undefined
      : this.#original(script, masked.positionOf(offset))?.name;
  }

  #masked(script: string, name: string): MaskedScript | undefined {
    if (!IDENTIFIER.test(name) || !this.#sources.isMapped(script)) return undefined;
    let masked = this.#scripts.get(script);
    if (masked === undefined) {
      const text = this.#sources.lines(script)?.join('\n');
      masked = text === undefined || text.length > LARGEST_SCRIPT ? null : new MaskedScript(text);
      this.#scripts.set(script, masked);
    }
    return masked ?? undefined;
  }

  /** What stands in the source where a position of the script came from. */
  #original(script: string, { line, column }: ScriptPosition): OriginalName | undefined {
    const told = this.#sources.originalName(script, line, column);
    const place = this.#sources.original(script, line, column);
    if (place.file === script) return undefined;
    const written = this.#sources.lines(place.file)?.[place.line - 1]?.slice(place.column - 1);
    const name = told ?? /^[A-Za-z_$][\w$]*/.exec(written ?? '')?.[0];
    if (name !== undefined && NO_NAMES.has(name)) return undefined;
    return name === undefined ? undefined : { name, ...place };
  }
}

/** A script's text without what is not code, and its blocks. */
class MaskedScript {
  readonly #code: string;
  readonly #lineStarts: number[];
  /** Where each block opens and closes; a block's parent comes before it. */
  readonly #blocks: { open: number; close: number }[];

  constructor(text: string) {
    const { code, blocks } = mask(text);
    this.#code = code;
    this.#blocks = blocks;
    this.#lineStarts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1);
  }

  offsetOf({ line, column }: ScriptPosition): number {
    return (this.#lineStarts[line] ?? this.#code.length) + column;
  }

  positionOf(offset: number): ScriptPosition {
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#lineStarts[middle] <= offset) low = middle;
      else high = middle;
    }
    return { line: low, column: offset - this.#lineStarts[low] };
  }

  declarationOf(name: string, inside: number): number | undefined {
    const around = [
      ...this.#blocks.filter(({ open, close }) => open < inside && inside < close).reverse(),
      { open: -1, close: this.#code.length },
    ];
    const candidates = this.#occurrences(name);
    for (const block of around) {
      const parameter = this.#parameter(name, block.open);
      if (parameter !== undefined) return parameter;
      const declared = candidates.find(
        (at) => at > block.open && at < block.close && this.#declares(at, name.length) && this.#isDirectlyIn(at, block),
      );
      if (declared !== undefined) return declared;
    }
    return undefined;
  }

  nearest(name: string, to: number, within: number): number | undefined {
    const near = this.#occurrences(name).filter((at) => Math.abs(at - to) <= within);
    return near.sort((a, b) => Math.abs(a - to) - Math.abs(b - to))[0];
  }

  #occurrences(name: string): number[] {
    const word = new RegExp(`(?<![\\w$.#])${name.replaceAll('$', '\\$')}(?![\\w$])`, 'g');
    return [...this.#code.matchAll(word)].map(({ index }) => index);
  }

  #declares(at: number, length: number): boolean {
    return (
      /(?:\b(?:var|let|const|class|function)\s+\*?\s*|,\s*)$/.test(this.#code.slice(Math.max(0, at - 40), at)) &&
      /^\s*(?:=(?![=>])|[,;({]|$|extends\b|of\b|in\b)/.test(this.#code.slice(at + length, at + length + 40))
    );
  }

  #isDirectlyIn(at: number, block: { open: number; close: number }): boolean {
    const innermost = this.#blocks.findLast(({ open, close }) => open < at && at < close);
    return (innermost?.open ?? -1) === block.open;
  }

  /** Where the function whose body opens here has a parameter of this name. */
  #parameter(name: string, open: number): number | undefined {
    if (open < 0) return undefined;
    const from = Math.max(0, open - 400);
    const header = /\(([^()]*)\)\s*(?:=>)?\s*$/.exec(this.#code.slice(from, open));
    const at = header?.[1].search(new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`)) ?? -1;
    return header && at >= 0 ? from + header.index + 1 + at : undefined;
  }
}

/** Before a slash, these end no expression: then a regular expression begins. */
const BEFORE_REGEXP = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|delete|void|throw|new|else|do))\s*$/;
const QUOTES = new Set(["'", '"', '`']);

/** Blanks for strings, comments and regular expressions, and the blocks of what remains. O(text). */
function mask(text: string): { code: string; blocks: { open: number; close: number }[] } {
  const parts: string[] = [];
  const blocks: { open: number; close: number }[] = [];
  const opened: number[] = [];
  const templates: number[] = []; // for each `${` that is open: how many blocks were open before it
  let kept = 0;
  const blank = (from: number, to: number): void => {
    parts.push(text.slice(kept, from), ' '.repeat(to - from));
    kept = to;
  };
  for (let at = 0; at < text.length;) {
    const char = text[at];
    let end = at;
    if (char === '/' && text[at + 1] === '/') end = endOf(text, '\n', at);
    else if (char === '/' && text[at + 1] === '*') end = endOf(text, '*/', at + 2) + 2;
    else if (char === '/' && BEFORE_REGEXP.test(text.slice(Math.max(0, at - 20), at))) end = regexpEnd(text, at);
    else if (QUOTES.has(char) || (char === '}' && templates.at(-1) === opened.length)) {
      if (char === '}') templates.pop();
      end = stringEnd(text, at, char === '}' ? '`' : char);
      if (text[end - 1] === '{') templates.push(opened.length);
    } else if (char === '{') opened.push(blocks.push({ open: at, close: text.length }) - 1);
    else if (char === '}') {
      const block = opened.pop();
      if (block !== undefined) blocks[block].close = at;
    }
    if (end > at) blank(at, Math.min(end, text.length));
    at = Math.max(end, at + 1);
  }
  parts.push(text.slice(kept));
  return { code: parts.join(''), blocks };
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at;
}

/** Just behind a string's quote, or behind the `${` that interrupts a template. */
function stringEnd(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote) return at + 1;
    else if (quote === '`' && text[at] === '$' && text[at + 1] === '{') return at + 2;
    else if (quote !== '`' && text[at] === '\n') return at;
  }
  return text.length;
}

function regexpEnd(text: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '\n')
      return from + 1; // a division after all
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return at + 1;
  }
  return text.length;
}
