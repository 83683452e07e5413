import type { HeapContents, OverAllocated } from '@ebb/heap';
import { bytes, count } from '../wording/quantities.ts';
import { html, shown, type Markup } from './markup.ts';
import { pathMarkup, whereMarkup } from './places.ts';
import { bytesCell, countCell, tableSection, textCell, type Table } from './table.ts';

/** A text that more references hold than this is told by those with the most copies. */
const MOST_HOLDERS = 2;

/** What the heap holds, whether or not it leaks: the tables. */
export function contentsSection(contents: HeapContents): Markup {
  const tables = [
    kinds,
    classes,
    duplicatingReferences,
    duplicatedTexts,
    buffers,
    overAllocated,
    keptContexts,
    extraGlobals,
  ];
  return html`${tables.map((table) => tableSection(table(contents)))}`;
}

function kinds({ totals }: HeapContents): Table {
  return {
    title: 'Kinds of objects',
    lead: `${count(totals.objects)} objects, ${bytes(totals.bytes)}.`,
    columns: ['Kind', 'Objects', 'Bytes'],
    rows: totals.byKind.map((row) => [textCell(shown(row.kind)), countCell(row.objects), bytesCell(row.bytes)]),
    sortedBy: 2,
  };
}

function classes({ classes, otherClasses }: HeapContents): Table {
  const others =
    otherClasses.classes === 0
      ? ''
      : ` ${count(otherClasses.classes)} more classes, ${count(otherClasses.objects)} objects of ${bytes(otherClasses.shallowBytes)}, are not listed.`;
  return {
    title: 'Classes',
    lead: `Retained is what goes when all objects of the class go.${others}`,
    columns: ['Class', 'Objects', 'Shallow', 'Retained', 'Made at'],
    rows: classes.map((row) => [
      textCell(html`<code>${shown(row.type)}</code>`),
      countCell(row.objects),
      bytesCell(row.shallowBytes),
      bytesCell(row.retainedBytes),
      textCell(whereMarkup(row.location)),
    ]),
    sortedBy: 3,
  };
}

function duplicatingReferences({ duplicatedStrings: { references, wastedBytes } }: HeapContents): Table {
  return {
    title: 'Duplicated strings, by what holds them',
    lead: `The same text several times over: ${bytes(wastedBytes)} more than once each would take.`,
    columns: ['Held by', 'Copies', 'Different', 'Wasted'],
    rows: references.map((row) => [
      textCell(html`<code>${shown(row.reference)}</code>`),
      countCell(row.copies),
      countCell(row.texts),
      bytesCell(row.wastedBytes),
    ]),
    sortedBy: 3,
  };
}

function duplicatedTexts({ duplicatedStrings: { groups } }: HeapContents): Table {
  return {
    title: 'Duplicated strings, by text',
    lead: 'One row a text. The text itself is never shown: it is told by what holds it.',
    columns: ['Held by', 'Copies', 'Each', 'Wasted'],
    rows: groups.map((group) => [
      textCell(
        html`${group.heldBy
          .slice(0, MOST_HOLDERS)
          .map(
            ({ reference, copies }) =>
              html`<span class="item"><code>${shown(reference)}</code> ${count(copies)}</span> `,
          )}${
          group.heldBy.length > MOST_HOLDERS ? html`<span class="doubt">and others</span> ` : null
        }${group.certain ? null : html`<span class="doubt">cut off in the snapshot: the same size and beginning</span>`}`,
      ),
      countCell(group.copies),
      bytesCell(group.bytesEach),
      bytesCell(group.wastedBytes),
    ]),
    sortedBy: 3,
  };
}

function buffers({ buffers: { bytes: all, largest, slabs } }: HeapContents): Table {
  const rows = [
    ...largest.map((row) => ({ ...row, many: row.buffers, what: html`<code>${shown(row.type)}</code>` })),
    ...slabs.map((row) => ({
      ...row,
      many: row.slabs,
      what: html`slabs that ${count(row.views)} small Buffers keep,
        <span class="doubt">${bytes(row.wastedBytes)} of it for nothing</span>`,
    })),
  ].sort((a, b) => b.bytes - a.bytes);
  return {
    title: 'Buffers',
    lead: `Memory outside of the objects: ${bytes(all)} in Buffers, typed arrays and external strings.`,
    columns: ['What', 'Held by', 'Number', 'Bytes'],
    rows: rows.map(({ what, path, many, bytes: size }) => [
      textCell(what),
      textCell(pathMarkup(path)),
      countCell(many),
      bytesCell(size),
    ]),
    sortedBy: 3,
  };
}

const CAUSES: Readonly<Record<OverAllocated['cause'], string>> = {
  capacity: 'room for more than was ever put in',
  deleted: 'entries that were deleted',
  gaps: 'indexes with gaps',
  properties: 'a table of properties',
};

function overAllocated({ overAllocated: { collections, wastedBytes } }: HeapContents): Table {
  return {
    title: 'Collections with more room than content',
    lead: `${bytes(wastedBytes)} of slots that nothing stands in.`,
    columns: ['Collection', 'Why', 'Number', 'Used', 'Slots', 'Wasted', 'Held by'],
    rows: collections.map((row) => [
      textCell(
        html`<code>${row.name === row.type ? shown(row.type) : `${shown(row.name)}: ${shown(row.type)}`}</code>`,
      ),
      textCell(CAUSES[row.cause] ?? shown(row.cause)),
      countCell(row.collections),
      countCell(row.used),
      countCell(row.slots),
      bytesCell(row.wastedBytes),
      textCell(row.path.length > 0 ? pathMarkup(row.path) : whereMarkup(row.location)),
    ]),
    sortedBy: 5,
  };
}

function keptContexts({ keptContexts: rows }: HeapContents): Table {
  return {
    title: 'Scopes kept by a small closure',
    lead: 'A closure keeps all variables of its scope that any closure there uses, also those that it does not use itself.',
    columns: ['Closure', 'Variables it keeps', 'Scopes', 'Retained'],
    rows: rows.map((row) => [
      textCell(
        html`${row.closures.map(({ name, location }) => html`<span class="item"><code>${shown(name)}</code> ${whereMarkup(location)}</span> `)}`,
      ),
      textCell(
        html`${row.variables.map(
          ({ name, type, retainedBytes }) =>
            html`<span class="item"><code>${shown(name)}: ${shown(type)}</code> ${bytes(retainedBytes)}</span> `,
        )}`,
      ),
      countCell(row.contexts),
      bytesCell(row.retainedBytes),
    ]),
    sortedBy: 3,
  };
}

function extraGlobals({ extraGlobals: rows }: HeapContents): Table {
  return {
    title: 'Contexts of vm',
    lead: 'Global objects beside the program’s own, each with its own copy of the language’s classes.',
    columns: ['Held by', 'Retained'],
    rows: rows.map((row) => [textCell(pathMarkup(row.path)), bytesCell(row.retainedBytes)]),
    sortedBy: 1,
  };
}
