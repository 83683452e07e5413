import { basename } from 'node:path';
import type { Location, Place } from '@ebb/heap';
import { breakable, html, shown, type Markup } from './markup.ts';

/** `src/app.ts:12`, `node_modules/pg/lib/pool.js:40`: short where that is enough to find it. */
export function where(location: Location): string {
  const inPackage = /node_modules[\\/].*$/u.exec(location.file)?.[0];
  const file =
    location.repoPath ?? inPackage ?? (location.file.startsWith('node:') ? location.file : basename(location.file));
  return `${shown(file)}:${location.line}`;
}

/** The same as an element, with the whole path for whoever points at it. */
export function whereMarkup(location: Location | null | undefined): Markup {
  if (location === null || location === undefined) return html``;
  const whole = `${shown(location.file)}:${location.line}:${location.column}`;
  return html`<code class="where" title="${whole}">${breakable(where(location))}</code>`;
}

/** What a place is called on a path: `sessions: Map`. */
export function placeName({ name, type, edge }: Place, isFirst = false): string {
  if (type === 'module') return 'module';
  if (type === 'scope') return isFirst || edge === 'context' || edge === 'previous' ? 'scope' : `${shown(edge)}: scope`;
  if (edge === '' || edge === 'context') return name === type ? shown(type) : `${shown(name)}: ${shown(type)}`;
  return `${shown(edge)}: ${shown(type)}`;
}

/** The end of a path in one line, for a cell of a table: `store › sessions: Map`, and where that is. */
export function pathMarkup(path: readonly Place[]): Markup {
  const told = path.slice(-3).map((place, at) => placeName(place, path.length <= 3 && at === 0));
  const location = path.findLast((place) => place.location !== null)?.location;
  const before = path.length > 3 ? '… › ' : '';
  return html`<code>${before}${told.join(' › ')}</code> ${whereMarkup(location)}`;
}
