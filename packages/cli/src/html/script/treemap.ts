/**
 * The treemap of the page: squarified areas of retained memory (Bruls, Huizing and van Wijk, by d3-hierarchy), one level
 * and the one below it at a time. A tree to the keyboard and to screen readers: arrows move, Enter goes in, Escape out.
 * Runs in the page, without imports; d3 is there already. What it makes is made by the DOM, never from text.
 */
import type * as Hierarchy from 'd3-hierarchy';
import type { MapNode } from './map-node.ts';

declare const d3: typeof Hierarchy;

interface Area {
  node: MapNode;
  element: HTMLElement;
  x: number;
  y: number;
}

/** How many levels are drawn within each other. */
const LEVELS = 8;
const HEAD = 20;
const EDGE = 3;
const LEAST_SIDE = 3;

/** What each element of the map stands for. */
const drawnIn = new WeakMap<Element, Drawn>();

const section = document.querySelector<HTMLElement>('#treemap');
const data = document.querySelector('#treemap-data');
if (section !== null && data !== null) start(section, JSON.parse(data.textContent ?? '') as MapNode);

function start(section: HTMLElement, root: MapNode): void {
  const crumbs = find(section, '.crumbs');
  const map = find(section, '.map');
  const tip = find(section, '.tip');
  const said = find(section, '.said');
  let trail: MapNode[] = [root];
  let areas: Area[] = [];
  let width = 0;

  const zoomIn = (...nodes: MapNode[]): void => {
    if (nodes.length === 0) return;
    trail = [...trail, ...nodes];
    draw();
    areas[0]?.element.focus();
    say();
  };
  const zoomTo = (depth: number): void => {
    const from = trail[depth + 1];
    if (from === undefined) return;
    trail = trail.slice(0, depth + 1);
    draw();
    areas.find(({ node }) => node === from)?.element.focus();
    say();
  };
  const say = (): void => {
    const here = trail.at(-1) ?? root;
    said.textContent = `In ${here.label}: ${size(here.bytes)}, ${here.parts.length} parts`;
  };

  function draw(): void {
    const here = trail.at(-1) ?? root;
    width = map.clientWidth;
    const height = map.clientHeight;
    areas = [];
    tip.hidden = true;
    map.setAttribute('aria-label', `Parts of ${here.label}`);
    map.replaceChildren();
    const tops = layout(here, width, height).children ?? [];
    const zoomable = tops.filter(({ data }) => data.kind !== 'rest');
    for (const top of tops) {
      const { node } = top.data;
      const element = cell(top, { x0: 0, y0: 0, x1: width, y1: height });
      if (element === null) continue;
      if (node === null) {
        map.append(element);
        continue;
      }
      element.classList.add('area');
      element.setAttribute('role', 'treeitem');
      element.setAttribute('aria-level', String(trail.length));
      element.setAttribute('aria-posinset', String(zoomable.indexOf(top) + 1));
      element.setAttribute('aria-setsize', String(zoomable.length));
      element.setAttribute('aria-label', told(node, root).join(', '));
      if (node.parts.length > 0) element.setAttribute('aria-expanded', 'false');
      element.tabIndex = areas.length === 0 ? 0 : -1;
      fill(element, top);
      areas.push({ node, element, x: (top.x0 + top.x1) / 2, y: (top.y0 + top.y1) / 2 });
      map.append(element);
    }
    crumbs.replaceChildren(
      ...trail.map((node, depth) => {
        const item = document.createElement('li');
        const last = depth === trail.length - 1;
        const name = document.createElement(last ? 'span' : 'button');
        name.textContent = depth === 0 ? node.label : `${node.label} ${size(node.bytes)}`;
        if (last) name.setAttribute('aria-current', 'true');
        else name.addEventListener('click', () => zoomTo(depth));
        item.append(name);
        return item;
      }),
    );
  }

  const areaOf = (target: EventTarget | null): Area | undefined => {
    const element = target instanceof Element ? target.closest('.area') : null;
    return areas.find((area) => area.element === element);
  };
  const focus = (area: Area | undefined): void => {
    if (area === undefined) return;
    for (const { element } of areas) element.tabIndex = element === area.element ? 0 : -1;
    area.element.focus();
  };

  map.addEventListener('click', (event) => {
    zoomIn(...nodesAbove(event.target, map));
  });
  map.addEventListener('keydown', (event) => {
    const area = areaOf(event.target);
    if (area === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const acted = ((): boolean => {
      switch (event.key) {
        case 'Enter':
        case ' ':
          if (area.node.parts.length > 0) zoomIn(area.node);
          return true;
        case 'Escape':
        case 'Backspace':
          if (trail.length === 1) return false;
          zoomTo(trail.length - 2);
          return true;
        case 'Home':
          focus(areas[0]);
          return true;
        case 'End':
          focus(areas.at(-1));
          return true;
        case 'ArrowRight':
          focus(nearest(areas, area, 1, 0));
          return true;
        case 'ArrowLeft':
          focus(nearest(areas, area, -1, 0));
          return true;
        case 'ArrowDown':
          focus(nearest(areas, area, 0, 1));
          return true;
        case 'ArrowUp':
          focus(nearest(areas, area, 0, -1));
          return true;
        default:
          return false;
      }
    })();
    if (acted) event.preventDefault();
  });

  const tell = (drawn: Drawn): void => {
    const [name = '', ...rest] = told(drawn.node ?? { ...drawn, objects: 0, where: '', parts: [] }, root);
    const strong = document.createElement('b');
    strong.textContent = name;
    const lines = rest.map((text) => {
      const line = document.createElement('span');
      line.textContent = text;
      return line;
    });
    tip.replaceChildren(strong, ...lines);
    tip.hidden = false;
  };
  /** Puts the tooltip's upper left corner there, or as near as the map allows. */
  const put = (left: number, top: number): void => {
    tip.style.left = `${Math.max(0, Math.min(left, map.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${Math.max(0, Math.min(top, map.clientHeight - tip.offsetHeight))}px`;
  };
  map.addEventListener('focusin', (event) => {
    const area = areaOf(event.target);
    const drawn = area === undefined ? undefined : drawnIn.get(area.element);
    if (area === undefined || drawn === undefined || !area.element.matches(':focus-visible')) return;
    tell(drawn);
    // Labels stand in the upper left corners, so it stands in the lower right one.
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = area.element;
    put(offsetLeft + offsetWidth - tip.offsetWidth - 8, offsetTop + offsetHeight - tip.offsetHeight - 8);
  });
  map.addEventListener('mousemove', (event) => {
    const element = event.target instanceof Element ? event.target.closest('.cell') : null;
    const drawn = element === null ? undefined : drawnIn.get(element);
    tip.hidden = drawn === undefined;
    if (drawn === undefined) return;
    tell(drawn);
    const { left, top } = map.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    put(x + 16 + tip.offsetWidth > map.clientWidth ? x - tip.offsetWidth - 8 : x + 16, y + 16);
  });
  for (const type of ['focusout', 'mouseleave'] as const) {
    map.addEventListener(type, () => {
      tip.hidden = true;
    });
  }

  section.classList.add('drawn');
  for (const list of section.querySelectorAll('details')) list.open = false;
  draw();
  new ResizeObserver(() => {
    if (map.clientWidth === width) return;
    const focused = areas.findIndex(({ element }) => element === document.activeElement);
    draw();
    if (focused >= 0) focus(areas[focused]);
  }).observe(map);
}

/** What is drawn: a node, or the rest of one that no part of it tells. */
interface Drawn {
  node: MapNode | null;
  kind: MapNode['kind'];
  label: string;
  bytes: number;
  parts: Drawn[];
}

/** The nodes that a click goes into: from the outermost area down to the one that was clicked, as far as they have parts. */
function nodesAbove(target: EventTarget | null, map: HTMLElement): MapNode[] {
  const nodes: MapNode[] = [];
  let element = target instanceof Element ? target.closest('.cell') : null;
  while (element !== null && element !== map) {
    const node = drawnIn.get(element)?.node;
    if (node !== null && node !== undefined && node.parts.length > 0) nodes.unshift(node);
    element = element.parentElement;
  }
  return nodes;
}

/** The areas of a node, and theirs within them. */
function layout(here: MapNode, width: number, height: number): Hierarchy.HierarchyRectangularNode<Drawn> {
  const head = ({ depth }: { depth: number }): number => (depth === 0 ? 0 : HEAD);
  const edge = ({ depth }: { depth: number }): number => (depth === 0 ? 0 : EDGE);
  const hierarchy = d3
    .hierarchy(drawn(here, LEVELS), ({ parts }) => parts)
    .sum(({ parts, bytes }) => (parts.length === 0 ? bytes : 0))
    .sort((a, b) => Number(a.data.kind === 'rest') - Number(b.data.kind === 'rest') || (b.value ?? 0) - (a.value ?? 0));
  return d3
    .treemap<Drawn>()
    .size([width, height])
    .paddingInner(2)
    .paddingTop(head)
    .paddingRight(edge)
    .paddingBottom(edge)
    .paddingLeft(edge)
    .round(true)(hierarchy);
}

function drawn(node: MapNode, levels: number): Drawn {
  const { kind, label, bytes } = node;
  if (levels === 0 || node.parts.length === 0) return { node, kind, label, bytes, parts: [] };
  const parts = node.parts.map((part) => drawn(part, levels - 1));
  const rest = bytes - node.parts.reduce((sum, part) => sum + part.bytes, 0);
  if (rest > 0) parts.push({ node: null, kind: 'rest', label: 'itself and small parts', bytes: rest, parts: [] });
  return { node, kind, label, bytes, parts };
}

/** Draws the parts of an area into it, and theirs into them. */
function fill(element: HTMLElement, area: Hierarchy.HierarchyRectangularNode<Drawn>): void {
  for (const part of area.children ?? []) {
    const piece = cell(part, area);
    if (piece === null) continue;
    fill(piece, part);
    element.append(piece);
  }
}

interface Rectangle {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** One rectangle within another; null where nobody would see it. Widths are shares, so that it fits a sheet of paper too. */
function cell(
  { x0, y0, x1, y1, data }: Hierarchy.HierarchyRectangularNode<Drawn>,
  within: Rectangle,
): HTMLElement | null {
  const [wide, high] = [x1 - x0, y1 - y0];
  if (wide < LEAST_SIDE || high < LEAST_SIDE) return null;
  const element = document.createElement('div');
  element.className = `cell kind-${data.kind}`;
  drawnIn.set(element, data);
  element.style.left = `${(100 * (x0 - within.x0)) / (within.x1 - within.x0)}%`;
  element.style.width = `${(100 * wide) / (within.x1 - within.x0)}%`;
  element.style.top = `${y0 - within.y0}px`;
  element.style.height = `${high}px`;
  if (wide < 36 || high < 15) return element;
  const label = document.createElement('span');
  label.className = 'label';
  const name = document.createElement('span');
  name.className = 'name';
  name.textContent = data.label;
  label.append(name);
  if (wide >= 120) {
    const bytes = document.createElement('span');
    bytes.className = 'bytes';
    bytes.textContent = size(data.bytes);
    label.append(bytes);
  }
  element.append(label);
  return element;
}

/** The next area in a direction: the nearest of those that lie that way, sideways counting double. */
function nearest(areas: readonly Area[], from: Area, dx: number, dy: number): Area | undefined {
  let best: Area | undefined;
  let least = Infinity;
  for (const area of areas) {
    const along = (area.x - from.x) * dx + (area.y - from.y) * dy;
    if (area === from || along <= 0) continue;
    const across = Math.abs((area.x - from.x) * dy) + Math.abs((area.y - from.y) * dx);
    if (along + 2 * across >= least) continue;
    least = along + 2 * across;
    best = area;
  }
  return best;
}

/** What is told of an area, in a tooltip and to a screen reader. */
function told(node: MapNode, root: MapNode): string[] {
  const share = root.bytes > 0 ? (100 * node.bytes) / root.bytes : 0;
  return [
    node.label,
    `${size(node.bytes)}, ${share >= 9.95 ? Math.round(share) : share.toFixed(1)} % of the heap`,
    ...(node.objects === 0
      ? []
      : [`${node.objects.toLocaleString('en')} ${node.objects === 1 ? 'object' : 'objects'}`]),
    ...(node.where === '' ? [] : [node.where]),
    ...(node.parts.length === 0
      ? []
      : [`${node.parts.length} ${node.parts.length === 1 ? 'part' : 'parts'}: Enter goes in`]),
  ];
}

function size(bytes: number): string {
  const [factor, unit] =
    bytes >= 999.5e6 ? [1e9, 'GB'] : bytes >= 999.5e3 ? [1e6, 'MB'] : bytes >= 999.5 ? [1e3, 'KB'] : [1, 'B'];
  const value = bytes / factor;
  return `${unit === 'B' || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${unit}`;
}

function find(within: HTMLElement, selector: string): HTMLElement {
  const element = within.querySelector<HTMLElement>(selector);
  if (element === null) throw new Error(`the page has no ${selector}`);
  return element;
}
