import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Decider, DeniedDecision, Principal } from '@sallyport/core';
import { forgetOnConnection, option } from '@sallyport/core/extend';
import { checkedDoorOptions, type DoorOptions } from '../gate/adapter-options.js';
import type { Closable } from '../gate/closable.js';
import { Gate } from '../gate/gate.js';
import type { RouteDemands } from '../gate/route-demands.js';
import { NodeRequestSource } from '../node/node-request-source.js';
import { writeDenial } from '../node/write-denial.js';
import type { TrustedProxies } from '../proxies/trusted-proxies.js';

export type UpgradeSecurityOptions = DoorOptions<readonly [request: IncomingMessage, response: ServerResponse]>;

/** An `upgrade` listener that also gets the principal, which is ANONYMOUS for anonymous callers. */
export type SecuredUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer, principal: Principal) => void;

/** Wraps a listener, with a requirement and guards as for requests: `server.on('upgrade', secureUpgrade(listener))`. */
export type UpgradeSecurity<Scopes extends string = string> = (
  listener: SecuredUpgrade,
  ...demands: RouteDemands<Scopes>
) => (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Guards the `upgrade` event (RFC 9110 7.8), which no request listener sees. The chain that decides requests also
 * decides a WebSocket handshake. A refused handshake gets the answer of the chain, and its socket is closed. A chain that
 * asks for the body of a GET request is refused here, because an upgrade has none.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const secureUpgrade = upgradeSecurity(chain);
 * server.on('upgrade', secureUpgrade((request, socket, head, principal) => accept(socket, principal.subject)));
 */
export function upgradeSecurity<Scopes extends string = string>(
  decider: Decider<Scopes>,
  options: UpgradeSecurityOptions = {},
): UpgradeSecurity<Scopes> {
  const { proxies, onDenied = answerDenial } = checkedDoorOptions(options);
  const chainGate = new Gate(decider);
  if (chainGate.readsBodies('GET')) throw bodiless();
  return function secureUpgrade(listener, ...demands) {
    const { gate, guard } = chainGate.of(demands);
    if (gate.readsBodies('GET')) throw bodiless();
    return function sallyport(request, socket, head) {
      forgetOnConnection(socket);
      const source = new UpgradeRequestSource(request, socket, proxies);
      gate.pass(request, source, guard, (decision) => {
        if (socket.destroyed) return source.release();
        if (decision.kind === 'granted') {
          source.release();
          return listener(request, socket, head, decision.principal);
        }
        const response = responseOn(socket, request);
        if (response === undefined) socket.destroy();
        else onDenied(decision, request, response, () => writeDenial(response, decision));
      });
    };
  };
}

/** Of a decider that does not tell beforehand, each upgrade that comes to it is refused. */
function bodiless(): Error {
  return option.invalid(
    'chain',
    'proves something over bodies (verifyBody), which upgrades lack; give them another chain',
  );
}

function answerDenial(denied: DeniedDecision, _request: IncomingMessage, response: ServerResponse): void {
  writeDenial(response, denied);
}

/** Listens for errors of the socket until the handover. Nobody else does, so a reset would end the process. */
class UpgradeRequestSource extends NodeRequestSource {
  readonly #socket: Duplex;
  readonly #ignore = (): void => {};
  #gone: (() => void) | undefined;

  constructor(request: IncomingMessage, socket: Duplex, proxies: TrustedProxies) {
    super(request, undefined, proxies);
    this.#socket = socket.on('error', this.#ignore);
  }

  override get answer(): Closable {
    return this.#socket;
  }

  /** What follows the head of an upgrade belongs to the new protocol. */
  override body(): never {
    throw bodiless();
  }

  override onClose(listener: () => void): void {
    this.#gone = listener;
    if (this.#socket.destroyed) listener();
    else this.#socket.once('close', listener);
  }

  /** An upgraded connection is one request until it is closed. */
  override onEnd(listener: () => void): void {
    if (this.#socket.destroyed) listener();
    else this.#socket.once('close', listener);
  }

  /** Leaves the socket as it was found. */
  release(): void {
    this.#socket.off('error', this.#ignore);
    if (this.#gone !== undefined) this.#socket.off('close', this.#gone);
  }
}

/**
 * A response that closes its socket when it is finished. Undefined while an earlier answer is still being written to
 * the socket.
 */
function responseOn(socket: Duplex, request: IncomingMessage): ServerResponse | undefined {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  try {
    response.assignSocket(socket as Socket);
  } catch {
    return undefined;
  }
  response.once('finish', () => {
    response.detachSocket(socket as Socket);
    socket.end(() => socket.destroy());
  });
  return response;
}
