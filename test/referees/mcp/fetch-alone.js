/** Fetches on a connection of its own: a server that closes one just when the next request comes would fail a scenario. */
export function fetchAlone(address, init) {
  const headers = new Headers(init?.headers);
  headers.set('connection', 'close');
  return fetch(address, { ...init, headers });
}
