// What an adapter adds to a bare server, for a bearer seen before. Requests and responses are Node's, without a socket.
import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { FRAMEWORKS } from '../adapters/frameworks.js';
import { fresh, issuerOf } from '../authorities/issuer.js';
import { chainOf, jwtHandlerOf } from './bearers.js';

const GROUP = 'added to the bare server, a JWT seen before';
const BATCH = 64;
const CONNECTIONS = 50;
const TOKENS = { quick: 64, full: 1_000 };
let issuer;

/** What adapters look at in a socket that a server has accepted. */
class Connection extends EventEmitter {
  server = {};
  remoteAddress = '127.0.0.1';
  remotePort = 40_000;
  encrypted = false;
  destroyed = false;
  readable = true;
  writable = true;
}

function messageOf(line, connection) {
  const request = new IncomingMessage(connection);
  const rawHeaders = ['Host', 'api.example.com', 'User-Agent', 'bench', 'Accept', '*/*', 'Authorization', fresh(line)];
  request.method = 'GET';
  request.url = '/orders';
  request.httpVersionMajor = 1;
  request.httpVersionMinor = 1;
  request.httpVersion = '1.1';
  // As the parser of Node does: `headers` are made of these when somebody asks.
  request._addHeaderLines(rawHeaders, rawHeaders.length);
  return { request, response: new ServerResponse(request) };
}

const nextTurn = () => new Promise(setImmediate);

function exchangesOf(server, tokens, isAgain) {
  const connections = Array.from({ length: CONNECTIONS }, () => new Connection());
  let next = 0;
  return {
    calls: BATCH,
    prepare: () =>
      Array.from({ length: BATCH }, () => {
        const index = next++;
        const token = tokens[isAgain ? index % CONNECTIONS : index % tokens.length];
        return messageOf(`Bearer ${token}`, connections[index % CONNECTIONS]);
      }),
    run(exchanges) {
      for (const { request, response } of exchanges) server.emit('request', request, response);
      return areAnswered(exchanges) ? undefined : untilAnswered(exchanges);
    },
    after(exchanges) {
      for (const { response } of exchanges) {
        if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}`);
        // What a socket would tell.
        response.emit('finish');
        response.emit('close');
      }
    },
  };
}

const areAnswered = (exchanges) => exchanges.every(({ response }) => response.writableEnded);

async function untilAnswered(exchanges) {
  while (!areAnswered(exchanges)) await nextTurn();
}

async function added(load, { isQuick }, { bare, ours }, isAgain) {
  issuer ??= issuerOf('RS256', isQuick ? TOKENS.quick : TOKENS.full);
  const chain = await chainOf(load, await jwtHandlerOf(load, issuer));
  const { tokens } = issuer;
  const task = exchangesOf(await ours(chain, load), tokens, isAgain);
  for (let seen = 0; seen < tokens.length; seen += BATCH) {
    const exchanges = task.prepare();
    await task.run(exchanges);
    task.after(exchanges);
  }
  return { ...task, less: exchangesOf(await bare(), tokens, isAgain), close: () => chain.close() };
}

export const FRAMEWORK_ROWS = Object.entries(FRAMEWORKS).flatMap(([name, framework]) => [
  {
    group: GROUP,
    name: `${name}, the header of its connection again`,
    make: (load, settings) => added(load, settings, framework, true),
  },
  {
    group: GROUP,
    name: `${name}, 1,000 tokens in turn`,
    make: (load, settings) => added(load, settings, framework, false),
  },
]);
