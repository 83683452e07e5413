import { Router, json, urlencoded } from 'express';
import type { CustomerRecords } from '../customers/customer-records.ts';
import type { Features } from '../release.ts';
import { renderLoginPage } from './login-page.ts';
import { verifyPassword } from './password.ts';
import { clearSessionCookie, sessionOf, setSessionCookie } from './session-cookie.ts';
import type { SessionStore } from './session-store.ts';
import { attachCustomer } from './session.ts';

/** What logging in and out needs. */
export interface LoginOptions {
  readonly customers: CustomerRecords;
  readonly sessions: SessionStore;
  readonly sessionIds: Features['sessionIds'];
  readonly now: () => number;
}

/** `GET /login`, `POST /login`, `POST /logout`. */
export function loginRoutes(options: LoginOptions): Router {
  const { customers, sessions, sessionIds, now } = options;
  const router = Router();

  router.get('/login', (_request, response) => {
    const session = sessionOf(response) ?? sessions.open();
    setSessionCookie(response, session);
    response.type('html').send(renderLoginPage(session));
  });

  router.post('/login', json(), urlencoded({ extended: false }), async (request, response) => {
    const { email, password } = (request.body ?? {}) as Record<string, unknown>;
    if (typeof email !== 'string' || typeof password !== 'string') {
      response.status(400).json({ error: 'Send "email" and "password".' });
      return;
    }
    const customer = await customers.findByEmail(email);
    if (customer === undefined || !(await verifyPassword(password, customer.password))) {
      response.status(401).json({ error: 'The e-mail address or the password is wrong.' });
      return;
    }
    const visitor = sessionOf(response);
    const isAnotherCustomer = (visitor?.account?.customerId ?? customer.id) !== customer.id;
    if (visitor !== undefined && isAnotherCustomer) sessions.close(visitor);
    const session = visitor === undefined || isAnotherCustomer ? sessions.open() : visitor;
    attachCustomer(session, customer, now());
    if (sessionIds === 'rotated-at-login') sessions.rotate(session);
    if (sessionIds === 'replaced-at-login') sessions.replace(session);
    setSessionCookie(response, session);
    if (request.is('json')) {
      response.json({ customer: { id: customer.id, name: customer.name } });
    } else {
      response.redirect(303, '/dashboard');
    }
  });

  router.post('/logout', (_request, response) => {
    const session = sessionOf(response);
    if (session !== undefined) sessions.close(session);
    clearSessionCookie(response);
    response.status(204).end();
  });

  return router;
}
