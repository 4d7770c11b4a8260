import { request } from 'node:http';
import type { AuthorizationServer } from '@sallyport/core/testing';

/** What one process answered. */
export interface Answer {
  readonly status: number;
  readonly process: string;
  readonly tookMs: number;
}

/** A connection of its own for each request, so that the processes take turns. */
export async function call(origin: string, method: string, path: string, token: string): Promise<Answer> {
  const startedMs = performance.now();
  const headers = { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const sent = request(origin + path, { method, headers, agent: false }, (response) => {
      response.resume().on('end', () => {
        const { statusCode = 0, headers: received } = response;
        const by = String(received['x-process']);
        resolve({ status: statusCode, process: by, tookMs: performance.now() - startedMs });
      });
    });
    sent.on('error', reject).end();
  });
}

/** So many requests, a few at a time. */
export async function callOften(origin: string, token: string, times: number): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  const asking = Array.from({ length: 8 }, async (_, first) => {
    for (let turn = first; turn < times; turn += 8) answers.push(await call(origin, 'GET', '/orders', token));
  });
  await Promise.all(asking);
  return answers;
}

export async function tokenOf(server: AuthorizationServer, subject: string): Promise<string> {
  const { bearer } = await server.as({ subject, scopes: ['orders:read'] }, { opaque: true });
  return bearer;
}
