import { invalidContract, type Server } from '../document/document.js';

/**
 * The paths of servers, without a slash at the end, each once. A client may use any of the servers, and any value of
 * their variables (OpenAPI 3.0.4 4.8.5). Of a variable without `enum` only the default is known. Hosts do not count.
 */
export function basePathsOf(servers: readonly Server[] | undefined): readonly string[] {
  const any = servers === undefined || servers.length === 0 ? [ROOT] : servers;
  const paths = new Set(any.flatMap(pathsOf).map(withoutTrailingSlash));
  if (paths.size > MOST_PATHS) throw invalidContract(`the servers have more than ${MOST_PATHS} paths; set basePath`);
  return [...paths];
}

export function withoutTrailingSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

/** The server of a definition that names none (OpenAPI 3.0.4 4.8.1). */
const ROOT: Server = { url: '/' };
const MOST_PATHS = 100;
const MOST_VALUES = 10_000;
const ANY_ORIGIN = 'http://localhost';
const VARIABLE = /\{([^}]*)\}/g;

function pathsOf(server: Server): readonly string[] {
  return urlsOf(server).map((url) => {
    if (!URL.canParse(url, ANY_ORIGIN)) {
      throw invalidContract(`the server URL ${server.url} cannot be read; set basePath`);
    }
    return new URL(url, ANY_ORIGIN).pathname;
  });
}

/** The URL with each combination of values that can change its path. */
function urlsOf(server: Server): readonly string[] {
  const { url } = server;
  const authority = /^[^/]*:?\/\/[^/]*/.exec(url)?.[0] ?? '';
  const names = new Set(Array.from(url.matchAll(VARIABLE), ([, name]) => name as string));
  let urls: readonly string[] = [url];
  for (const name of names) {
    const variable = `{${name}}`;
    const values = valuesOf(server, name);
    const isOfHost = !url.slice(authority.length).includes(variable) && !values.some((value) => value.includes('/'));
    const counting = isOfHost ? values.slice(0, 1) : values;
    if (urls.length * counting.length > MOST_VALUES) {
      throw invalidContract(`the variables of the server URL ${url} have too many values; set basePath`);
    }
    urls = urls.flatMap((each) => counting.map((value) => each.replaceAll(variable, () => value)));
  }
  return urls;
}

/** The default first. */
function valuesOf({ url, variables = {} }: Server, name: string): readonly string[] {
  const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (variable?.default === undefined) {
    throw invalidContract(`the server URL ${url} has a variable without a default; set basePath`);
  }
  return [variable.default, ...(variable.enum ?? [])];
}
