import type { TreemapNode } from '@ebb/heap';
import { bytes, count } from '../wording/quantities.ts';
import { dataElement, html, shown, type Markup } from './markup.ts';
import { where } from './places.ts';
import type { MapKind, MapNode } from './script/map-node.ts';

/** A page of a larger map would be slow to open and is not read. The heaviest areas stay. */
const MOST_AREAS = 3000;
/** The same as a list: what is thinner than this share of the heap is not told there. */
const LEAST_LISTED_SHARE = 0.004;
const MOST_LISTED_LEVELS = 8;

const KINDS: readonly { kind: MapKind; name: string }[] = [
  { kind: 'object', name: 'objects' },
  { kind: 'collection', name: 'collections' },
  { kind: 'string', name: 'strings' },
  { kind: 'buffer', name: 'buffers' },
  { kind: 'function', name: 'functions and scopes' },
  { kind: 'code', name: 'code and V8’s own' },
  { kind: 'rest', name: 'itself and small parts' },
];

/** Retained memory as areas to walk through, and the same as a nested list. */
export function treemapSection(treemap: TreemapNode): Markup {
  const root = mapNodes(treemap);
  const legend = KINDS.map(({ kind, name }) => html`<li><span class="swatch kind-${kind}"></span>${name}</li>`);
  return html`<section id="treemap" aria-labelledby="treemap-title">
    <h2 id="treemap-title">Retained memory</h2>
    <p class="lead">
      What would be freed with each part: ${bytes(root.bytes)} in all. A part stands within what alone keeps it alive.
    </p>
    <div class="treemap">
      <nav aria-label="Where the map is"><ol class="crumbs"></ol></nav>
      <div class="frame">
        <div class="map" role="tree" aria-describedby="treemap-keys"></div>
        <div class="tip" role="tooltip" hidden></div>
      </div>
      <ul class="legend" aria-label="Colours">
        ${legend}
      </ul>
      <p class="keys" id="treemap-keys">
        Click, or <kbd>Enter</kbd>, goes in; <kbd>Esc</kbd> goes out; arrow keys move between areas.
      </p>
      <p class="said" role="status"></p>
    </div>
    <details class="listed" open>
      <summary>The same as a list</summary>
      <ul>
        ${listed(root, root.bytes * LEAST_LISTED_SHARE, 0)}
      </ul>
    </details>
    ${dataElement('treemap-data', root)}
  </section>`;
}

/** The heaviest areas of the map as the page's script reads them, level by level, so that no branch starves another. */
export function mapNodes(treemap: TreemapNode): MapNode {
  const root = mapNode(treemap);
  let left = MOST_AREAS;
  let level = [{ from: treemap, to: root }];
  while (level.length > 0 && left > 0) {
    const next = level.flatMap(({ from, to }) =>
      from.children.filter((child) => child.retainedBytes > 0).map((child) => ({ from: child, into: to })),
    );
    next.sort((a, b) => b.from.retainedBytes - a.from.retainedBytes);
    level = next.slice(0, left).map(({ from, into }) => {
      const to = mapNode(from);
      into.parts.push(to);
      return { from, to };
    });
    left -= level.length;
  }
  return root;
}

function mapNode({ name, type, objects, retainedBytes, location }: TreemapNode): MapNode {
  return {
    label: name === type || name === '' ? shown(type, 80) : `${shown(name, 80)}: ${shown(type, 80)}`,
    kind: kindOf(type),
    bytes: retainedBytes,
    objects,
    where: location === null ? '' : where(location),
    parts: [],
  };
}

/** What sort of thing a class is: its colour on the map. */
export function kindOf(type: string): MapKind {
  if (/string\)?$/iu.test(type)) return 'string';
  if (
    /^(?:Shared)?(?:Array|Fast)?Buffer$|ArrayBufferData$|^(?:Big)?(?:Uint|Int|Float)\d+(?:Clamped)?Array$|^DataView$|BackingStore/u.test(
      type,
    )
  )
    return 'buffer';
  if (/^(?:Weak)?(?:Map|Set)$|^\(?[Aa]rray\)?$|^Array\b|Table$|^\(object elements\)/u.test(type)) return 'collection';
  if (/^(?:async |generator )?function\b|^scope$|closure|^Function$|Context$/u.test(type)) return 'function';
  if (/^system\b|^\(|^code\b|^hidden$/u.test(type)) return 'code';
  return 'object';
}

function listed(node: MapNode, leastBytes: number, level: number): Markup {
  const parts = level < MOST_LISTED_LEVELS ? node.parts.filter((part) => part.bytes >= leastBytes) : [];
  const place = node.where === '' ? null : html` <code class="where">${node.where}</code>`;
  const objects = node.objects === 1 ? '' : `, ${count(node.objects)} objects`;
  return html`<li>
    <code>${node.label}</code> ${bytes(node.bytes)}${objects}${place}${
      parts.length === 0
        ? null
        : html`<ul>
            ${parts.map((part) => listed(part, leastBytes, level + 1))}
          </ul>`
    }
  </li>`;
}
