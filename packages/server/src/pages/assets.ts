import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AssetPaths } from './layout.ts';
import { style } from './style.ts';

/** A file that pages load. */
export interface Asset {
  path: string;
  type: string;
  text: string;
}

/** The pages' style and script, under names that change with their content. */
export function readAssets(): { paths: AssetPaths; files: Asset[] } {
  // Compiled by its own project: from src/ and from dist/ the same way.
  const script = readFileSync(new URL('../../dist/pages/script/live.js', import.meta.url), 'utf8');
  const named = (name: string, type: string, text: string): Asset => {
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
    return { path: `/assets/${hash}-${name}`, type, text };
  };
  const files = [named('ebb.css', 'text/css', style), named('live.js', 'text/javascript', script)];
  return { paths: { style: files[0].path, script: files[1].path }, files };
}
