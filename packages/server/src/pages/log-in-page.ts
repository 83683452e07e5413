import { html, type Markup } from './html.ts';

/** Two ways in: as a user, or with a token (on the first day there are no users yet). */
export function logInPage({ next, problem }: { next: string; problem: string | null }): Markup {
  const hidden = html`<input type="hidden" name="next" value="${next}" />`;
  return html`<h1>Log in to Ebb</h1>
    ${problem === null ? null : html`<p class="problem" role="alert">${problem}</p>`}
    <form class="stacked" method="post" action="/login">
      ${hidden}
      <label>Name <input name="name" autocomplete="username" autocapitalize="none" required autofocus /></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
      <button class="main">Log in</button>
    </form>
    <section>
      <h2>With a token</h2>
      <p>The first start of <code>ebb up</code> printed one for the administrator. Users can be added with it.</p>
      <form class="stacked" method="post" action="/login">
        ${hidden}
        <label>Token <input name="token" type="password" autocomplete="off" required /></label>
        <button>Log in with the token</button>
      </form>
    </section>`;
}
