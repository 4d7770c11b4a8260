import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { httpSecurity } from '@sallyport/adapters/http';
import {
  type Guard,
  type Principal,
  type Requirement,
  requireScopes,
  route,
  routes,
  SecurityChain,
} from '@sallyport/core';
import type { Clock } from '@sallyport/core/extend';
import { Agent, request } from 'undici';
import type { Certificate } from './company.js';

/** What a caller gets, and what the operator is told about it. */
export interface Answer {
  readonly status: number;
  /** The challenge of a refusal. */
  readonly challenge: string | undefined;
  /** Who was let in. */
  readonly principal: Partial<Principal> | undefined;
  /** Status and reason in one text. */
  readonly outcome: string;
}

export interface GuardedApiOptions {
  readonly clock: Clock;
  readonly tls?: Certificate & { readonly ca: string };
  /** What writing orders needs beside its scope. */
  readonly writing?: readonly Guard[];
}

/** The orders of a shop behind a chain: a server of `node:http`, or of `node:https` that asks for certificates. */
export class GuardedApi {
  readonly #server: Server;
  readonly origin: string;
  readonly #chain: SecurityChain;
  readonly #reasons: readonly (string | undefined)[];
  readonly #agents = new Map<Certificate | undefined, Agent>();

  static async start(requirement: Requirement, { clock, tls, writing = [] }: GuardedApiOptions): Promise<GuardedApi> {
    const reasons: (string | undefined)[] = [];
    const operations = routes([
      route('GET', '/orders', { requirement, guards: [requireScopes('orders:read')] }),
      route('POST', '/orders', { requirement, guards: [requireScopes('orders:write'), ...writing] }),
    ]);
    const chain = new SecurityChain({ operations }, { clock, listeners: [({ reason }) => reasons.push(reason)] });
    const listener = httpSecurity(chain)((_request: IncomingMessage, response: ServerResponse, principal) => {
      response.end(JSON.stringify(principal));
    });
    const server =
      tls === undefined
        ? createHttpServer(listener)
        : createHttpsServer({ ...tls, requestCert: true, rejectUnauthorized: false }, listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new GuardedApi(server, { scheme: tls === undefined ? 'http' : 'https', chain, reasons });
  }

  private constructor(
    server: Server,
    {
      scheme,
      chain,
      reasons,
    }: { readonly scheme: string; readonly chain: SecurityChain; readonly reasons: readonly (string | undefined)[] },
  ) {
    this.#server = server;
    this.origin = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#chain = chain;
    this.#reasons = reasons;
  }

  /** `line` is a method and a path, such as `GET /orders`. */
  async ask(line: string, token: string, certificate?: Certificate): Promise<Answer> {
    const [method = '', path = ''] = line.split(' ');
    const headers = { authorization: `Bearer ${token}` };
    const {
      statusCode: status,
      headers: answered,
      body,
    } = await request(this.origin + path, { dispatcher: this.#agentOf(certificate), method, headers });
    const text = await body.text();
    return {
      status,
      challenge: answered['www-authenticate'] as string | undefined,
      principal: status === 200 ? JSON.parse(text) : undefined,
      outcome: [status, this.#reasons.at(-1)].filter((part) => part !== undefined).join(' '),
    };
  }

  /** By the certificate that its connections show. */
  #agentOf(certificate: Certificate | undefined): Agent {
    const agent =
      this.#agents.get(certificate) ?? new Agent({ connect: { ...certificate, rejectUnauthorized: false } });
    this.#agents.set(certificate, agent);
    return agent;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
    this.#server.close();
    await once(this.#server, 'close');
    await this.#chain.close();
  }
}
