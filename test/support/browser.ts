import type { Answer, GatewayProcess } from './gateway-process.js';

/** Keeps cookies, and follows redirects as long as they stay at the gateway. */
export class Browser {
  readonly #gateway: GatewayProcess;
  readonly #from: { readonly from?: string };
  readonly #cookies = new Map<string, string>();

  /** `from` is the address that it calls from. */
  constructor(gateway: GatewayProcess, from?: string) {
    this.#gateway = gateway;
    this.#from = from === undefined ? {} : { from };
  }

  /** The last answer, and where it came from. */
  async open(url: string, form?: Record<string, string>): Promise<{ url: string; answer: Answer }> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.#gateway.call(url, { headers: { cookie }, ...(form && { form }), ...this.#from });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) this.#keep(line);
    const next = new URL((answer.headers['location'] as string | undefined) ?? '', url);
    const isLeaving = answer.headers['location'] === undefined || next.origin !== this.#gateway.origin;
    return isLeaving ? { url, answer } : this.open(next.href);
  }

  #keep(line: string): void {
    const [name = '', value = ''] = (line.split(';')[0] as string).split(/=(.*)/s);
    this.#cookies.set(name, value);
  }
}
