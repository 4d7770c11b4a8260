// Loaded before a documented server: tells the parent process the port on which it listens.
import { Server } from 'node:net';

const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  this.once('listening', () => process.send?.(this.address().port));
  return listen.apply(this, args);
};
