/** What sort of thing an area of the treemap is: its colour. */
export type MapKind = 'object' | 'collection' | 'string' | 'buffer' | 'function' | 'code' | 'rest';

/** An area of the treemap, as the page's script reads it; every text in it is ready to be shown. */
export interface MapNode {
  label: string;
  kind: MapKind;
  bytes: number;
  objects: number;
  /** `src/app.ts:12`, or nothing. */
  where: string;
  parts: MapNode[];
}
