/** Makes text safe to stand in HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** An amount as people read it. */
export function formatEuros(cents: number): string {
  return `€ ${(cents / 100).toFixed(2)}`;
}
