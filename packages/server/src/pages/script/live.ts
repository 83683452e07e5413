/**
 * Keeps a page up to date: when the server tells of a change, and once a minute, the page is fetched anew and what stands
 * in `main` is exchanged. Without this script a page is right when it is loaded.
 */

const refreshEveryMs = 60_000;
/** Changes come in bunches. */
const settleMs = 500;

const status = document.querySelector<HTMLElement>('.live');
let waiting: number | undefined;

function say(text: string): void {
  if (status === null) return;
  status.textContent = text;
  status.hidden = text === '';
}

/** Who types, or has something selected, is not disturbed. */
function isBusy(): boolean {
  const active = document.activeElement;
  const typing = [HTMLInputElement, HTMLSelectElement, HTMLTextAreaElement].some((kind) => active instanceof kind);
  return typing || document.getSelection()?.isCollapsed === false;
}

async function refresh(): Promise<void> {
  if (document.hidden || isBusy()) return;
  const response = await fetch(location.href, { headers: { 'ebb-background': '1' } });
  if (response.redirected) {
    location.reload();
    return;
  }
  if (!response.ok) throw new Error(`the server answered with ${response.status}`);
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  const [before, after] = [document.querySelector('main'), fresh.querySelector('main')];
  if (before === null || after === null || before.innerHTML === after.innerHTML) return;
  const focused = document.activeElement?.getAttribute('href');
  const open = [...before.querySelectorAll('details')].map((details) => details.open);
  const scrolled = [...before.querySelectorAll('.scroll')].map((region) => region.scrollLeft);
  before.replaceChildren(...after.childNodes);
  for (const [at, details] of before.querySelectorAll('details').entries()) details.open = open[at] ?? false;
  for (const [at, region] of before.querySelectorAll('.scroll').entries()) region.scrollLeft = scrolled[at] ?? 0;
  if (focused !== null && focused !== undefined)
    before.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  document.title = fresh.title;
}

function refreshSoon(): void {
  waiting ??= window.setTimeout(() => {
    waiting = undefined;
    refresh().then(
      () => say(''),
      () => say('The server does not answer. This page may be old.'),
    );
  }, settleMs);
}

// The server tells times in this zone, beside UTC, from the next page on.
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
document.cookie = `ebb_zone=${encodeURIComponent(timeZone)}; path=/; max-age=31536000; samesite=lax`;

const events = new EventSource('/api/v1/events');
for (const name of ['service', 'incident', 'reset', 'hello']) events.addEventListener(name, refreshSoon);
events.addEventListener('error', () => {
  if (events.readyState === EventSource.CLOSED) say('This page is not live any more. Reload it.');
});
document.addEventListener('visibilitychange', refreshSoon);
window.setInterval(refreshSoon, refreshEveryMs);
