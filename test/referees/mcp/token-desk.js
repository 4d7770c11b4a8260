// An introspection endpoint (RFC 7662) inside the suite: it knows of tokens what the suite's own verifiers know.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const desks = new Map();

const server = createServer(async (request, response) => {
  const token = new URLSearchParams(await text(request)).get('token');
  const claims = await desks
    .get(request.url)(token)
    .catch(() => undefined);
  const answer = claims === undefined ? { active: false } : { active: true, ...claims };
  response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
server.unref();

/**
 * Opens an endpoint.
 * @param claimsOf what is said about a token that is good; rejects for any other
 * @returns its address
 */
export function openDesk(claimsOf) {
  const path = `/introspect/${desks.size}`;
  desks.set(path, claimsOf);
  return `http://127.0.0.1:${server.address().port}${path}`;
}
