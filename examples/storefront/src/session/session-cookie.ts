import type { RequestHandler, Response } from 'express';
import type { SessionStore } from './session-store.ts';
import type { Account, Session } from './session.ts';

const cookieName = 'storefront_session';

/** Finds the visitor's session by the cookie and lays it ready for `sessionOf`. */
export function loadSession(sessions: SessionStore): RequestHandler {
  return (request, response, next) => {
    const id = readCookie(request.headers.cookie);
    response.locals['session'] = id === undefined ? undefined : sessions.find(id);
    next();
  };
}

/** Lets only logged-in visitors pass: a browser is sent to the login page, a program gets a 401. */
export const requireLogin: RequestHandler = (request, response, next) => {
  if (accountOf(response) !== null) {
    next();
  } else if (request.accepts(['json', 'html']) === 'html') {
    response.redirect(303, '/login');
  } else {
    response.status(401).json({ error: 'Log in first: POST /login.' });
  }
};

/** The session of the request that is being answered, if the visitor has one. */
export function sessionOf(response: Response): Session | undefined {
  return response.locals['session'] as Session | undefined;
}

/** Who is logged in on the request that is being answered. */
export function accountOf(response: Response): Account | null {
  return sessionOf(response)?.account ?? null;
}

/** Hands the visitor the session's current id. */
export function setSessionCookie(response: Response, session: Session): void {
  response.cookie(cookieName, session.id, { httpOnly: true, sameSite: 'lax', path: '/' });
}

/** Takes the id back. */
export function clearSessionCookie(response: Response): void {
  response.clearCookie(cookieName, { httpOnly: true, sameSite: 'lax', path: '/' });
}

function readCookie(header: string | undefined): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [name, value] = pair.split('=', 2);
    if (name?.trim() === cookieName) return value?.trim();
  }
  return undefined;
}
