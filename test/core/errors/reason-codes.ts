import { sourcesOf } from '../../repository/source-tree.js';

/** The status that a constructor of verdicts or refusals leads to. */
const STATUS: Readonly<Record<string, number>> = {
  denied: 401,
  badProof: 401,
  refused: 401,
  malformed: 400,
  unroutable: 400,
  forbidden: 403,
  fault: 500,
  unavailable: 503,
  giveUp: 503,
  missing: 401,
  unrecognised: 401,
  undeclared: 404,
  slow: 408,
  oversized: 413,
  invalid: 400,
};

const CONSTRUCTED =
  /\b(denied|badProof|refused|malformed|unroutable|forbidden|fault|unavailable|giveUp)\(\s*'([a-z0-9_]+)'/g;
/** `unavailable(CAUSE)` with a constant of the same file or another one. */
const CONSTRUCTED_FROM_CONSTANT = /\bunavailable\(([A-Z_]+)\)/g;
const CONCLUDED =
  /kind: '(missing|unrecognised|unroutable|undeclared|slow|oversized|invalid)',\s*reason: '([a-z0-9_]+)'/g;
const UNFIT = /(?:\bUnfitRequestError|\bsuper)\(\s*'(unroutable|undeclared|oversized)',\s*'([a-z0-9_]+)'/g;
const RULE = /\breason: '([a-z0-9_]+)'/g;
const TEMPLATE = /\breason: `([a-z_]+)\$\{name\}([a-z0-9_]+)`/g;
const RETURNED = /\breturn '([a-z]+(?:_[a-z]+)+)'/g;
/** A cause that is chosen before `unavailable(cause)`. */
const CHOSEN = /\bcause = [^;]*'([a-z]+(?:_[a-z]+)+)'/g;
/** The `error` of a challenge is its reason. */
const ASKED_AGAIN = /\berror: '([a-z]+(?:_[a-z]+)+)',$/gm;
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

/** Every reason code that the sources make, with the status that it leads to. */
export function reasonCodes(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const add = (reason: string | undefined, status: number | undefined) => {
    if (reason !== undefined && status !== undefined) found.set(reason, reason.startsWith('basic_') ? 401 : status);
  };
  const sources = ['core', 'handlers', 'adapters'].flatMap((name) => sourcesOf(`packages/${name}/src`));
  const shipped = sources
    // What receivers of revocations refuse is no decision: docs/revocation.md lists it.
    .filter(({ path }) => !/\/testing\/|handlers\/src\/revocation\//.test(path))
    .map(({ path, text }) => ({ path, text: text.replace(COMMENT, '') }));
  const whole = shipped.map(({ text }) => text).join('\n');
  for (const { path, text } of shipped) {
    for (const [, kind = '', reason] of text.matchAll(CONSTRUCTED)) add(reason, STATUS[kind]);
    for (const [, kind = '', reason] of text.matchAll(CONCLUDED)) add(reason, STATUS[kind]);
    for (const [, kind = '', reason] of text.matchAll(UNFIT)) add(reason, STATUS[kind]);
    for (const [, before, after] of text.matchAll(TEMPLATE)) add(`${before}<name>${after}`, STATUS['denied']);
    for (const [, name] of text.matchAll(CONSTRUCTED_FROM_CONSTANT)) add(constant(whole, name), 503);
    if (/\/(?:target-rules|firewall)\.ts$/.test(path)) {
      for (const [, reason] of [...text.matchAll(RULE), ...text.matchAll(RETURNED)]) add(reason, 400);
    }
    if (path.endsWith('/verdict.ts')) add(/reason: string = '([a-z_]+)'/.exec(text)?.[1], 429);
    if (path.endsWith('/verdict-members.ts')) add(/reason : '([a-z_]+)'/.exec(text)?.[1], 503);
    for (const [, reason] of text.matchAll(CHOSEN)) add(reason, 503);
    for (const [, reason] of text.matchAll(ASKED_AGAIN)) add(reason, 401);
  }
  return found;
}

function constant(sources: string, name: string | undefined): string | undefined {
  return new RegExp(`const ${name} = '([a-z_]+)'`).exec(sources)?.[1];
}
