/** Templates of the contract, each protected by a scope of its own; some are open. Literal text stands before parameters. */
export const TEMPLATES: readonly string[] = [
  '/pets/mine',
  '/orders:search',
  '/files/readme.json',
  '/Reports/daily',
  '/pets/{petId}',
  '/files/{name}',
  '/orders/{id}',
  '/gps/{place}',
  '/{tenant}/admin',
  '/public/{page}',
  '/files/{name}.json',
  '/orders/{id}:cancel',
  '/gps/{lat},{lon}',
  '/{a}-{b}/x',
  '/compare/{base}...{head}',
];

/** What anybody may call: only then can a mistake let somebody in. */
export const OPEN: ReadonlySet<string> = new Set(['/files/{name}', '/public/{page}', '/gps/{place}', '/pets/mine']);

export const BASES = ['', '/v1', '/v2'] as const;

const PATHS = [
  '/pets/mine',
  '/pets/7',
  '/orders:search',
  '/files/readme.json',
  '/files/a.json',
  '/files/a',
  '/files/.json',
  '/Reports/daily',
  '/orders/7',
  '/orders/7:cancel',
  '/gps/here',
  '/gps/1,2',
  '/acme/admin',
  '/public/admin',
  '/public/start',
  '/1-2/x',
  '/a-b-c/x',
  '/public-1/admin',
  '/compare/a...b',
  '/compare/a..b',
] as const;

/** Other spellings of a path, which some router takes for the same. */
const SPELLINGS: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => path.toUpperCase(),
  (path) => `${path}/`,
  (path) => path.replace(/[:,]/g, encodeURIComponent),
  (path) => path.replace(/\.(?=json)/, '%2e'),
  (path) => path.replace(/[a-z](?=[^/]*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (path) => path.replace(/\/(?=[^/]+$)/, '//'),
];

const METHODS = ['GET', 'HEAD', 'POST'] as const;

export interface Target {
  readonly method: (typeof METHODS)[number];
  readonly path: string;
}

/** Every path below every base, in every spelling, with every method; each once. */
export const TARGETS: readonly Target[] = BASES.flatMap((base) =>
  PATHS.flatMap((path) => [...new Set(SPELLINGS.map((spell) => spell(base + path)))]),
).flatMap((path) => METHODS.map((method) => ({ method, path })));
