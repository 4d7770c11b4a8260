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
 * Puts the chain in front of all who listen for upgrades of a server, also of those who begin later: a handshake needs what the
 * gateways at its path need, and at any other path what the chain requires.
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
  const secure = await secureBy(chain, options, gateways);
  const handOver = handingOver(server);
  const byPath = new Map<string, Listener>();
  for (const gateway of gateways)
    byPath.set(gateway.path, secure(byPath.get(gateway.path) ?? handOver, ...demandsOf(gateway)));
  const others = secure(handOver);
  standInFront(server, (request, socket, head) => {
    const listener = byPath.get(pathOf(request.url) ?? '') ?? others;
    listener(request, socket, head);
  });
}

/** A chain that proves something over bodies cannot decide upgrades: gateways are an error then, and nobody else gets one. */
async function secureBy(
  chain: Decider,
  options: PlatformOptions,
  gateways: readonly Gateway[],
): Promise<(listener: Listener, ...demands: RouteDemands) => Listener> {
  if (gateways.length === 0 && chain.readsBodies?.('GET') === true) return () => (_request, socket) => socket.destroy();
  // By its name: the build of that door stays one file.
  const { upgradeSecurity } = await import('@sallyport/adapters/http');
  return upgradeSecurity(chain, options);
}

/** Gives a handshake to all who listen for it by then. */
function handingOver(server: Server): Listener {
  const emit = server.emit.bind(server);
  return (request, socket, head) => {
    keepHandshake(socket, request);
    if (!emit('upgrade', request, socket, head)) socket.destroy();
  };
}

/** Of what is emitted and not of who listens: other modules begin to listen when they start, and later. */
function standInFront(server: Server, decide: Listener): void {
  const emit = server.emit.bind(server) as (event: string | symbol, ...given: readonly unknown[]) => boolean;
  server.emit = (event: string | symbol, ...given: readonly unknown[]) => {
    if (event !== 'upgrade') return emit(event, ...given);
    decide(...(given as Parameters<Listener>));
    return true;
  };
}
