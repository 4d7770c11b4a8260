import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Decider } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import type { RouteDemands } from '../../gate/route-demands.js';
import { keepHandshake } from '../decorators/handshakes.js';
import type { PlatformOptions } from '../platforms/platform.js';
import { type Gateway, pathOf } from './gateway-paths.js';

type Listener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Puts the chain in front of all who listen for upgrades of a server: a handshake needs what the gateways at its path need, and
 * at any other path what the chain requires.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for a gateway with a port of its own, and without a server
 */
export async function decideHandshakes(
  server: Server | undefined,
  gateways: readonly Gateway[],
  demandsOf: (gateway: Gateway) => RouteDemands,
  chain: Decider,
  { allowPreflight: _preflight, allowRewriting: _rewriting, ...options }: PlatformOptions,
): Promise<void> {
  const elsewhere = gateways.find(({ port }) => port !== 0);
  if (elsewhere !== undefined)
    throw option.invalid(elsewhere.type.name, 'has a port of its own, where nobody decides; leave the port out');
  if (server === undefined)
    throw option.invalid(
      'a microservice',
      'has gateways but no server of HTTP, where nobody decides: connect it to an application',
    );
  // By its name: the build of that door stays one file.
  const { upgradeSecurity } = await import('@sallyport/adapters/http');
  const secure = upgradeSecurity(chain, options);
  const listeners = server.listeners('upgrade') as Listener[];
  server.removeAllListeners('upgrade');
  const handOver: Listener = (request, socket, head) => {
    keepHandshake(socket, request);
    for (const listener of listeners) listener.call(server, request, socket, head);
  };
  const byPath = new Map<string, Listener>();
  for (const gateway of gateways)
    byPath.set(gateway.path, secure(byPath.get(gateway.path) ?? handOver, ...demandsOf(gateway)));
  const others = secure(handOver);
  server.on('upgrade', (request, socket, head) => {
    const listener = byPath.get(pathOf(request.url) ?? '') ?? others;
    listener(request, socket, head);
  });
}
