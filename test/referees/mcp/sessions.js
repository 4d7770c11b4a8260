// A server of 2025-11-25: it remembers its clients by sessions, and what it has sent them.
import { randomUUID } from 'node:crypto';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';

/** How soon a client comes back that lost its stream, in milliseconds. */
const RETRY_MS = 500;

/** @param connectTo gives a transport its server */
export function withSessions(connectTo) {
  const transports = new Map();
  const eventStore = new Events();
  const open = async () => {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore,
      retryInterval: RETRY_MS,
      onsessioninitialized: (id) => void transports.set(id, transport),
      onsessionclosed: (id) => void transports.delete(id),
    });
    await connectTo(transport);
    return transport;
  };
  return async (request, response) => {
    const id = request.headers['mcp-session-id'];
    const transport = id === undefined ? await open() : transports.get(id);
    if (transport === undefined) return response.writeHead(404).end();
    return transport.handleRequest(request, response);
  };
}

/** What was sent, in memory. */
class Events {
  #sent = [];

  async storeEvent(stream, message) {
    this.#sent.push({ stream, message });
    return String(this.#sent.length - 1);
  }

  async getStreamIdForEventId(id) {
    return this.#sent[Number(id)]?.stream;
  }

  async replayEventsAfter(last, { send }) {
    const { stream } = this.#sent[Number(last)];
    for (const [index, event] of this.#sent.entries()) {
      const isMissed = index > Number(last) && event.stream === stream && Object.keys(event.message ?? {}).length > 0;
      if (isMissed) await send(String(index), event.message);
    }
    return stream;
  }
}
