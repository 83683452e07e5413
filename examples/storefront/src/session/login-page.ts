import type { Session } from './session.ts';

/** The page with the login form. */
export function renderLoginPage(session: Session): string {
  const waiting =
    session.cart.length === 0 ? '' : `<p>${String(session.cart.length)} articles are waiting in your cart.</p>`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Storefront: log in</title></head>
<body>
<h1>Log in</h1>
${waiting}
<form method="post" action="/login">
<label>E-mail <input name="email" type="email" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Log in</button>
</form>
</body>
</html>
`;
}
