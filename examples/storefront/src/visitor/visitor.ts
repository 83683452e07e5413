import { sampleCustomerId, sampleEmail, samplePassword } from '../storage/sample-data.ts';

/** Someone with a browser: asks a storefront over HTTP and keeps its cookie. For tests. */
export class Visitor {
  private readonly url: string;
  private cookie = '';

  constructor(url: string) {
    this.url = url;
  }

  /** The cookie as it would be sent with the next request. */
  get currentCookie(): string {
    return this.cookie;
  }

  /** Sends the cookie that somebody else had. */
  useCookie(cookie: string): void {
    this.cookie = cookie;
  }

  /** Asks and reads the whole answer. */
  async ask(
    method: 'GET' | 'POST',
    path: string,
    options: { body?: unknown; accept?: string } = {},
  ): Promise<{ status: number; text: string; location: string | null }> {
    const headers: Record<string, string> = { accept: options.accept ?? 'application/json' };
    if (this.cookie !== '') headers['cookie'] = this.cookie;
    const { body } = options;
    headers['content-type'] = typeof body === 'string' ? 'text/csv' : 'application/json';
    const response = await fetch(this.url + path, {
      method,
      headers,
      redirect: 'manual',
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const [cookie] = response.headers.getSetCookie();
    if (cookie !== undefined) this.cookie = cookie.slice(0, cookie.indexOf(';'));
    return { status: response.status, text: await response.text(), location: response.headers.get('location') };
  }

  /** Logs in as the n-th sample customer and returns the customer's id. */
  async logIn(index: number): Promise<string> {
    const body = { email: sampleEmail(index), password: samplePassword };
    const { status, text } = await this.ask('POST', '/login', { body });
    if (status !== 200) throw new Error(`the login of sample customer ${index} was answered ${status}: ${text}`);
    return sampleCustomerId(index);
  }

  /** Looks at the dashboard page. */
  async seeDashboard(query = ''): Promise<string> {
    const { text } = await this.ask('GET', `/dashboard${query}`, { accept: 'text/html' });
    return text;
  }
}
