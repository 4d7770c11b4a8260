import { Server } from 'node:net';

/**
 * Lets servers listen on a free port of this machine, whatever they are asked for: an application that listens as soon as
 * it is loaded gets what it waits for, and meets no other instance of itself.
 */
export function listenNowhereElse(): void {
  const { listen } = Server.prototype as { listen(...given: unknown[]): Server };
  const confined = function (this: Server, ...given: readonly unknown[]): Server {
    const listener = given.find((each) => typeof each === 'function');
    return listen.call(this, { host: '127.0.0.1', port: 0 }, ...(listener === undefined ? [] : [listener]));
  };
  Object.assign(Server.prototype, { listen: confined });
}
