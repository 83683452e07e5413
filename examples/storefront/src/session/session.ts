import { randomBytes } from 'node:crypto';
import type { Address, CartLine, Customer, Preferences, ViewedProduct } from '../customers/customer.ts';

/** Who is logged in, as far as the pages need to know without reading the customer again. */
export interface Account {
  customerId: string;
  name: string;
  email: string;
  region: string;
  role: Customer['role'];
  addresses: Address[];
  loggedInAtMs: number;
}

/** What the store knows of one visitor between two requests. */
export interface Session {
  /** The secret in the visitor's cookie. */
  id: string;
  createdAtMs: number;
  lastSeenAtMs: number;
  account: Account | null;
  preferences: Preferences | null;
  cart: CartLine[];
  recentlyViewed: ViewedProduct[];
  recentSearches: string[];
}

const mostRecentlyViewed = 16;

/** A session id that can't be guessed: 256 random bits. */
export function newSessionId(): string {
  return randomBytes(32).toString('hex');
}

/** The session of a visitor who has just come. */
export function newSession(nowMs: number): Session {
  return {
    id: newSessionId(),
    createdAtMs: nowMs,
    lastSeenAtMs: nowMs,
    account: null,
    preferences: null,
    cart: [],
    recentlyViewed: [],
    recentSearches: [],
  };
}

/** Makes the visitor's session the customer's: what was saved comes back, the visitor's cart first. */
export function attachCustomer(session: Session, customer: Customer, nowMs: number): void {
  session.account = {
    customerId: customer.id,
    name: customer.name,
    email: customer.email,
    region: customer.region,
    role: customer.role,
    addresses: customer.addresses,
    loggedInAtMs: nowMs,
  };
  session.preferences = customer.preferences;
  const skus = new Set(session.cart.map((line) => line.sku));
  session.cart.push(...customer.savedCart.filter((line) => !skus.has(line.sku)));
  for (const product of customer.recentlyViewed.toReversed()) rememberViewed(session, product);
  session.recentSearches = customer.recentSearches;
}

/** Puts a product in front of the recently viewed ones; the oldest make room. */
export function rememberViewed(session: Session, product: ViewedProduct): void {
  session.recentlyViewed = [product, ...session.recentlyViewed.filter((viewed) => viewed.sku !== product.sku)].slice(
    0,
    mostRecentlyViewed,
  );
}
