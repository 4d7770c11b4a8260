// The clients' side: connections that ask again as soon as they are answered. Raw sockets, because the load must not
// cost more than the server.
import { once } from 'node:events';
import { connect } from 'node:net';

const CONNECTIONS = 50;
const OK = 'HTTP/1.1 200';

/** One connection. All answers of a stack are of one length, which the first answer tells. */
class Client {
  #socket;
  #requests;
  #next;
  #wanted;
  #received = 0;
  #answered = () => {};

  constructor(socket, requests, first) {
    this.#socket = socket;
    this.#requests = requests;
    this.#next = first;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.once('close', () => fail('the server closed a connection'));
  }

  close() {
    this.#socket.removeAllListeners('close').destroy();
  }

  /**
   * Asks until the time is over, with so many credentials in turn; the number of answers. It asks `share` times at
   * least, however busy the machine is.
   */
  async run(deadline, turns, share) {
    let count = 0;
    do {
      this.#socket.write(this.#requests[this.#next++ % turns]);
      await new Promise((resolve) => {
        this.#answered = resolve;
      });
      count += 1;
    } while (count < share || performance.now() < deadline);
    return count;
  }

  #take(chunk) {
    if (this.#received === 0 && chunk.latin1Slice(0, OK.length) !== OK) fail(chunk.latin1Slice(0, 200));
    this.#wanted ??= lengthOf(chunk.latin1Slice());
    this.#received += chunk.length;
    if (this.#received > this.#wanted) fail('an answer was longer than the first');
    if (this.#received < this.#wanted) return;
    this.#received = 0;
    this.#answered();
  }
}

function lengthOf(answer) {
  const end = answer.indexOf('\r\n\r\n');
  const length = /^content-length: (\d+)\r?$/im.exec(answer)?.[1];
  if (end === -1 || length === undefined) fail(`an answer without a length: ${answer}`);
  return end + 4 + Number(length);
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}

const clientsOf = new Map();

async function open(port, lines) {
  const requests = lines.map((line) =>
    Buffer.from(`GET /orders HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nAuthorization: ${line}\r\n\r\n`, 'latin1'),
  );
  const clients = Array.from({ length: CONNECTIONS }, async (_, index) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    // Spread over the credentials, so that together they soon have sent each of them.
    return new Client(socket, requests, index * Math.ceil(lines.length / CONNECTIONS));
  });
  clientsOf.set(port, await Promise.all(clients));
}

/** After one round, all credentials were seen. */
async function run(port, turns, { ms, least }) {
  const share = Math.ceil(Math.max(turns, least) / CONNECTIONS);
  const started = performance.now();
  const counts = await Promise.all(clientsOf.get(port).map((client) => client.run(started + ms, turns, share)));
  const requests = counts.reduce((sum, count) => sum + count, 0);
  return { requests, seconds: (performance.now() - started) / 1_000 };
}

process.on('message', async ({ task, port, lines, turns, round }) => {
  if (task === 'open') await open(port, lines);
  if (task === 'close') for (const client of clientsOf.get(port)) client.close();
  process.send(task === 'run' ? await run(port, turns, round) : 'done');
});

process.on('disconnect', () => process.exit());
