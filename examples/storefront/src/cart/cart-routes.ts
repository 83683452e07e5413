import { Router, json } from 'express';
import { findProduct, type Product } from '../catalogue/catalogue.ts';
import type { SessionStore } from '../session/session-store.ts';
import { sessionOf, setSessionCookie } from '../session/session-cookie.ts';
import { rememberViewed, type Session } from '../session/session.ts';

const mostLines = 30;
const mostOfOne = 99;

/** `POST /cart`: puts a product into the visitor's cart; visitors need not be logged in. */
export function cartRoutes(sessions: SessionStore, now: () => number): Router {
  const router = Router();
  router.post('/cart', json(), (request, response) => {
    const { sku, quantity } = (request.body ?? {}) as Record<string, unknown>;
    const product = typeof sku === 'string' ? findProduct(sku) : undefined;
    if (product === undefined) {
      response.status(404).json({ error: 'There is no such product.' });
      return;
    }
    const session = sessionOf(response) ?? sessions.open();
    addToCart(session, product, { quantity: Number(quantity ?? 1) || 1, nowMs: now() });
    setSessionCookie(response, session);
    response.json({ articles: session.cart.reduce((sum, line) => sum + line.quantity, 0) });
  });
  return router;
}

function addToCart(session: Session, product: Product, change: { quantity: number; nowMs: number }): void {
  const { sku, title, imageUrl, priceCents } = product;
  const quantity = Math.min(Math.max(1, Math.trunc(change.quantity)), mostOfOne);
  const line = session.cart.find((candidate) => candidate.sku === sku);
  if (line !== undefined) {
    line.quantity = Math.min(line.quantity + quantity, mostOfOne);
  } else if (session.cart.length < mostLines) {
    session.cart.push({ sku, title, imageUrl, priceCents, quantity, addedAtMs: change.nowMs });
  }
  rememberViewed(session, { sku, title, imageUrl, priceCents, viewedAtMs: change.nowMs });
}
