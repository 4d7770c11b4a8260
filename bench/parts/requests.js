import { SecurityRequest } from '@sallyport/core/extend';

/** A token of 700 characters, as a flat string, the way a header brings it. */
export function tokenOf(index) {
  return Buffer.from(`${index}.`.padEnd(700, 'eyJhbGciOiJSUzI1NiJ9')).toString('latin1');
}

/** What an adapter makes of a request, with the lines of a browser. */
export function requestOf(authorization, target = '/pets/7?view=all', route = undefined) {
  const rawHeaders = ['Host', 'api.example', 'User-Agent', 'bench', 'Accept', '*/*', 'Authorization', authorization];
  return new SecurityRequest({ method: 'GET', target, route, rawHeaders });
}
