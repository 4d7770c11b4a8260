import type { Type } from '@nestjs/common';
import { type ModulesContainer, Reflector } from '@nestjs/core';
import { ownMembers } from '@sallyport/core/extend';

/** A class with the decorator of a gateway, where Nest keeps what that says. */
export interface Gateway {
  readonly type: Type;
  /** 0 is the port of the application. */
  readonly port: number;
  readonly path: string;
  /** Undefined: those that socket.io has by default. */
  readonly transports: readonly unknown[] | undefined;
}

/** What the decorator of a gateway takes, of it what is asked for here. */
interface GatewayOptions {
  readonly path?: string;
  readonly transports?: readonly unknown[];
}

const METADATA = new Reflector();

export function gatewaysOf(modules: ModulesContainer): readonly Gateway[] {
  return [...modules.values()].flatMap(({ providers }) =>
    [...providers.values()].flatMap(({ metatype }) => (isGateway(metatype) ? gatewayOf(metatype) : [])),
  );
}

function isGateway(metatype: unknown): metatype is Type {
  return typeof metatype === 'function' && METADATA.get('websockets:is_gateway', metatype) === true;
}

function gatewayOf(type: Type): Gateway {
  const options = METADATA.get<GatewayOptions | undefined>('websockets:gateway_options', type);
  const { path = '/', transports } = ownMembers(options ?? {});
  return { type, port: METADATA.get<number | undefined>('port', type) ?? 0, path: plainPath(path), transports };
}

/** As the adapter for `ws` compares it. */
function plainPath(path: string): string {
  return `/${path}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
}

/** The path of a handshake. Undefined for what is no target: the chain itself refuses that. */
export function pathOf(target = ''): string | undefined {
  return URL.canParse(target, 'ws://localhost/') ? new URL(target, 'ws://localhost/').pathname : undefined;
}
