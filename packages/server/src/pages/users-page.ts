import { shortestPassword } from '../access/password.ts';
import type { UserInfo } from '../store/users.ts';
import { html, type Markup } from './html.ts';
import { timeElement } from './wording.ts';

/** Users, and forms to add and remove them. */
export function usersPage(told: {
  users: readonly UserInfo[];
  /** Who looks: nobody removes themselves. */
  ownId: number | null;
  problem: string | null;
  nowMs: number;
}): Markup {
  const { users, ownId, problem, nowMs } = told;
  return html`<h1>Users</h1>
    ${problem === null ? null : html`<p class="problem" role="alert">${problem}</p>`}
    ${
      users.length === 0
        ? html`<p>
            There are none yet: whoever is here came with a token. Add yourself first, as an admin, and log in with the
            password from then on.
          </p>`
        : html`<ul class="rows">
            ${users.map(
              ({ id, name, role, createdMs }) =>
                html`<li class="row user">
                  <div class="name">${name}</div>
                  <div>${role}</div>
                  <div class="note">added ${timeElement(createdMs, nowMs)}</div>
                  ${
                    id === ownId
                      ? html`<div class="note">you</div>`
                      : html`<form method="post" action="/users/${id}/remove">
                          <button aria-label="Remove ${name}">Remove</button>
                        </form>`
                  }
                </li>`,
            )}
          </ul>`
    }
    <section aria-labelledby="add">
      <h2 id="add">Add a user</h2>
      <form class="stacked" method="post" action="/users">
        <label>Name <input name="name" autocomplete="off" autocapitalize="none" required maxlength="100" /></label>
        <label
          >Password, at least ${shortestPassword} characters
          <input name="password" type="password" autocomplete="new-password" required minlength="${shortestPassword}"
        /></label>
        <label
          >Role
          <select name="role">
            <option value="viewer">viewer: reads</option>
            <option value="responder">responder: works on incidents, too</option>
            <option value="admin">admin: does everything</option>
          </select>
        </label>
        <button class="main">Add</button>
      </form>
    </section>`;
}
