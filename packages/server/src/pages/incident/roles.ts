import { longestName } from '../../incident/desk.ts';
import { incidentRoles, roleWords } from '../../incident/role.ts';
import { html } from '../html.ts';
import type { IncidentSection } from './section.ts';

/** Who does what. */
export const rolesSection: IncidentSection = async ({ context, incident, mayAct }) => {
  const roles = await context.desk.roles(incident.id);
  if (!mayAct && roles.length === 0) return null;
  return html`<section aria-labelledby="roles">
    <h2 id="roles">Who does what</h2>
    ${
      roles.length === 0
        ? html`<p class="none">Nobody has a role yet.</p>`
        : html`<ul class="plain">
            ${roles.map(({ role, name }) => html`<li><b>${roleWords[role]}</b> ${name}</li>`)}
          </ul>`
    }
    ${
      mayAct
        ? html`<details>
            <summary>Give somebody a role</summary>
            <form class="stacked" method="post" action="/incidents/${incident.id}/roles">
              <label
                >Role
                <select name="role">
                  ${incidentRoles.map((role) => html`<option value="${role}">${roleWords[role]}</option>`)}
                </select>
              </label>
              <label>Name; empty: nobody <input name="name" maxlength="${longestName}" autocomplete="off" /></label>
              <button>Assign</button>
            </form>
          </details>`
        : null
    }
  </section>`;
};
