import { access, writeFile } from 'node:fs/promises';
import { products } from '../catalogue/catalogue.ts';
import type { CartLine, Customer, ViewedProduct } from '../customers/customer.ts';
import type { OrderLog } from '../orders/order-log.ts';
import { totalOf, type Order } from '../orders/order.ts';
import { hashPassword } from '../session/password.ts';
import type { DataFolder } from './data-folder.ts';
import { Dice } from './dice.ts';

/** How many customers an empty data folder is filled with; their ids are `c1001`, `c1002`, … */
export const sampleCustomers = 200;
/** The password of every sample customer. */
export const samplePassword = 'tide-and-harbour';
/** The regions that the store delivers to. */
export const regions: readonly string[] = ['north', 'south', 'east', 'west', 'islands'];

const passwordCost = 512;
const sampleDays = 30;
const dayMs = 86_400_000;
const givenNames = ['Ada', 'Bao', 'Chidi', 'Dalia', 'Emre', 'Freya', 'Goran', 'Hana', 'Ines', 'Jonas'];
const familyNames = ['Adeyemi', 'Bergström', 'Costa', 'Dimitrov', 'Eriksen', 'Fontaine', 'Górska'];
const streets = ['Harbour Lane', 'Mill Street', 'Orchard Road', 'Station Square', 'Weaver’s Row'];
const cities = ['Bergen', 'Gdańsk', 'Lisbon', 'Malmö', 'Rotterdam', 'Split', 'Tallinn'];
const searches = ['gift under 50', 'tomato seeds early', 'lamp brass', 'bread knife', 'tent two people'];

/** The id of the n-th sample customer, from 0. */
export function sampleCustomerId(index: number): string {
  return `c${String(1001 + index)}`;
}

/** The e-mail address of the n-th sample customer, from 0. */
export function sampleEmail(index: number): string {
  return `customer${String(1001 + index)}@example.com`;
}

/** Fills an empty data folder with customers and a month of orders; leaves a filled one alone. */
export async function ensureSampleData(folder: DataFolder, log: OrderLog, nowMs: number): Promise<void> {
  if (await exists(folder.customersFile)) return;
  const dice = new Dice(20_240_810);
  const password = await hashPassword(samplePassword, passwordCost);
  const customers = Array.from({ length: sampleCustomers }, (_, index) =>
    makeCustomer(index, { dice, nowMs, password }),
  );
  for (const customer of customers) {
    await log.append(customer.id, ...makeOrders(customer, { dice, nowMs }));
  }
  const lines = customers.map((customer) => `${JSON.stringify(customer)}\n`).join('');
  await writeFile(folder.customersFile, lines, { mode: 0o600 }); // last: it says that all is there
}

function makeCustomer(index: number, options: { dice: Dice; nowMs: number; password: string }): Customer {
  const { dice, nowMs, password } = options;
  const name = `${dice.pick(givenNames)} ${dice.pick(familyNames)}`;
  const address = (label: string): Customer['addresses'][number] => ({
    label,
    recipient: name,
    street: `${String(dice.upTo(180) + 1)} ${dice.pick(streets)}`,
    postalCode: String(10_000 + dice.upTo(89_999)),
    city: dice.pick(cities),
    country: 'EU',
  });
  return {
    id: sampleCustomerId(index),
    email: sampleEmail(index),
    name,
    region: dice.pick(regions),
    role: index % 20 === 0 ? 'staff' : 'customer',
    password,
    addresses: [address('home'), address('work')],
    preferences: {
      language: dice.pick(['en', 'de', 'pt', 'pl', 'nb']),
      currency: 'EUR',
      timeZone: dice.pick(['Europe/Oslo', 'Europe/Lisbon', 'Europe/Warsaw', 'Europe/Tallinn']),
      newsletter: { weekly: dice.upTo(2) === 0, restock: true, topics: ['kitchen', 'garden', 'books'] },
      dashboard: { days: 7, panels: ['sales', 'hours', 'products', 'yours'], compareWithLastYear: false },
    },
    savedCart: pickCart(dice, nowMs),
    recentlyViewed: pickViewed(dice, nowMs),
    recentSearches: dice.some(searches, 3),
  };
}

function pickCart(dice: Dice, nowMs: number): CartLine[] {
  return dice.some(products, 3 + dice.upTo(3)).map(({ sku, title, imageUrl, priceCents }) => ({
    sku,
    title,
    imageUrl,
    quantity: 1 + dice.upTo(3),
    priceCents,
    addedAtMs: nowMs - dice.upTo(dayMs),
  }));
}

function pickViewed(dice: Dice, nowMs: number): ViewedProduct[] {
  return dice.some(products, 10 + dice.upTo(5)).map(({ sku, title, imageUrl, priceCents }) => ({
    sku,
    title,
    imageUrl,
    priceCents,
    viewedAtMs: nowMs - dice.upTo(7 * dayMs),
  }));
}

function makeOrders(customer: Customer, options: { dice: Dice; nowMs: number }): Order[] {
  const { dice, nowMs } = options;
  const moments = Array.from({ length: 3 + dice.upTo(8) }, () => nowMs - dice.upTo(sampleDays * dayMs));
  return moments
    .sort((a, b) => a - b)
    .map((placedAtMs, index) => {
      const lines = dice
        .some(products, 1 + dice.upTo(4))
        .map(({ sku, priceCents }) => ({ sku, quantity: 1 + dice.upTo(2), priceCents }));
      return {
        id: `${customer.id}-${String(index + 1)}`,
        customerId: customer.id,
        region: customer.region,
        placedAtMs,
        lines,
        totalCents: totalOf(lines),
      };
    });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
