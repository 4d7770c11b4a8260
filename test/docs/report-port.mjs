// Loaded before a documented server: tells the parent process the port on which it listens.
import { Server } from 'node:net';

const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  // The test kit's authorization server, which documents use as a stand-in, says where it listens in this form.
  const isStandIn = args[1] === '127.0.0.1';
  if (!isStandIn) this.once('listening', () => process.send?.(this.address().port));
  return listen.apply(this, args);
};
