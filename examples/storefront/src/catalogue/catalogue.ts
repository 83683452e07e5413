/** Something the store sells. */
export interface Product {
  readonly sku: string;
  readonly title: string;
  readonly category: string;
  readonly priceCents: number;
  readonly imageUrl: string;
}

const categories: Record<string, readonly (readonly [title: string, priceCents: number])[]> = {
  kitchen: [
    ['Cast-iron frying pan, 28 cm', 5490],
    ['Chef’s knife, carbon steel, 20 cm', 7900],
    ['Pour-over coffee set for four cups', 4250],
    ['Enamelled bread tin with lid', 3890],
  ],
  garden: [
    ['Secateurs with walnut handles', 4900],
    ['Galvanised watering can, 9 litres', 3590],
    ['Seed collection: twelve old tomatoes', 2450],
    ['Folding pruning saw', 3190],
  ],
  books: [
    ['A field guide to hedgerows and their birds', 2800],
    ['The bread baker’s year, second edition', 3400],
    ['Maps of imaginary islands', 4600],
    ['Collected letters of a lighthouse keeper', 2200],
  ],
  outdoor: [
    ['Two-person tent, 1.9 kg', 28900],
    ['Merino base layer, long sleeves', 7200],
    ['Titanium mug, 450 ml', 3900],
    ['Head torch, rechargeable', 5400],
  ],
  stationery: [
    ['Dotted notebook, thread-bound, A5', 1650],
    ['Fountain pen with a fine nib', 6800],
    ['Wall calendar, letterpress print', 2900],
    ['Pencil set, twelve grades', 1980],
  ],
  lighting: [
    ['Desk lamp with a balanced arm', 12900],
    ['Beeswax candles, set of six', 2650],
    ['Pendant lamp, spun aluminium', 18900],
    ['Bicycle lamp for the dynamo', 6900],
  ],
};

/** Everything the store sells, in a fixed order. */
export const products: readonly Product[] = Object.entries(categories).flatMap(([category, entries]) =>
  entries.map(([title, priceCents], index) => {
    const sku = `${category.slice(0, 3).toUpperCase()}-${String(index + 1).padStart(3, '0')}`;
    return { sku, title, category, priceCents, imageUrl: `/images/${category}/${sku}-640.webp` };
  }),
);

/** The names of the categories, in a fixed order. */
export const categoryNames: readonly string[] = Object.keys(categories);

const productsBySku: ReadonlyMap<string, Product> = new Map(products.map((product) => [product.sku, product]));

/** The product with this SKU, if the store sells it. */
export function findProduct(sku: string): Product | undefined {
  return productsBySku.get(sku);
}
