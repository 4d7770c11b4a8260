import type { WebSocketAdapter } from '@nestjs/common';
import { option } from '@sallyport/core/extend';
import { demandsOf } from '../decorators/demands.js';
import { isGuarded } from '../decorators/standing-guards.js';
import type { Gateway } from './gateway-paths.js';
import { checkMessages } from './guarded-messages.js';

/** What decides about gateways, and in front of which server of WebSockets. */
interface Surroundings {
  readonly adapter: WebSocketAdapter | null | undefined;
  readonly isOurs: (guard: unknown) => boolean;
  readonly allowUnguarded: boolean;
}

/**
 * Whatever decorators of gateways ask for is asked of somebody.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function checkGateways(gateways: readonly Gateway[], { adapter, isOurs, allowUnguarded }: Surroundings): void {
  for (const gateway of gateways) {
    if (isOfSocketIo(adapter)) checkClass(gateway);
    if (isOfSocketIo(adapter) && !allowUnguarded) checkTransports(gateway);
    if (allowUnguarded) checkGuard(gateway, isOurs);
    checkMessages(gateway.type, isOurs);
  }
}

/** `IoAdapter`, and what extends it. */
function isOfSocketIo(adapter: object | null | undefined): boolean {
  return typeof (adapter as { readonly createIOServer?: unknown } | null | undefined)?.createIOServer === 'function';
}

/** Namespaces share one handshake, and clients join them by packets: nobody can be asked what one of them needs. */
function checkClass({ type }: Gateway): void {
  const { own, guards } = demandsOf(type);
  if (own === undefined && guards.length === 0) return;
  throw option.invalid(
    type.name,
    'has decorators at its class, which nobody is asked for when a client of socket.io connects: put them at its messages',
  );
}

/** Polling stands in front of Nest, with requests that are no handshakes. */
function checkTransports({ type, transports }: Gateway): void {
  if (transports?.length === 1 && transports[0] === 'websocket') return;
  throw option.invalid(
    type.name,
    "lets clients poll, about which nobody decides: say @WebSocketGateway({ transports: ['websocket'] })",
  );
}

/** Where no handshake is decided, a guard at the gateway is all that can ask for what its class says. */
function checkGuard({ type }: Gateway, isOurs: (guard: unknown) => boolean): void {
  const { own, guards } = demandsOf(type);
  if ((own === undefined || own.isPublic) && guards.length === 0) return;
  if (!isGuarded(type, undefined, isOurs))
    throw option.invalid(type.name, 'asks for something: put @UseGuards(SallyportGuard) at it');
}
