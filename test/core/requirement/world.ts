/** Handlers of a random requirement, in the order in which they would stand in documentation. */
export const HANDLER_NAMES = ['jwt', 'opaque', 'basic', 'key', 'signature', 'session', 'certificate'] as const;
export type HandlerName = (typeof HANDLER_NAMES)[number];

/** Those whose credential is a header or cookie of its own. */
export const OWN_CREDENTIAL = ['key', 'signature', 'session', 'certificate'] as const;
/** Those at whose place something strange may stand. Only the last is sent without anybody's will. */
export const STRANGE = ['key', 'signature', 'session'] as const;
export type Strange = (typeof STRANGE)[number];
export const AUTHORIZATIONS = ['Bearer jwt', 'Bearer other', 'Basic it', 'Negotiate it'] as const;

/** A requirement as data. */
export type Tree =
  | { readonly is: 'handler'; readonly name: HandlerName }
  | { readonly is: 'anonymous' }
  | { readonly is: 'optional' | 'attempt'; readonly of: Tree }
  | { readonly is: 'anyOf'; readonly of: readonly Tree[] }
  | { readonly is: 'allOf'; readonly of: readonly Tree[]; readonly sameParty: boolean };

/** What a handler is going to conclude; `unreadable` is a syntax error that `extract` finds already. */
export interface Ruling {
  readonly kind:
    | 'authenticated'
    | 'denied'
    | 'malformed'
    | 'unreadable'
    | 'forbidden'
    | 'challenged'
    | 'limited'
    | 'unavailable'
    | 'thrown'
    | 'garbage';
  readonly reason: string;
}

/** When a handler answers: at once, with a promise that is settled, or some microtasks later. */
export type Latency = 'at once' | 'settled' | number;

/** What one request sends, and what every handler would say to it. */
export interface World {
  readonly authorization: (typeof AUTHORIZATIONS)[number] | undefined;
  readonly sent: readonly HandlerName[];
  /** Where something stands that is nobody's, at the place of a handler. */
  readonly strange: readonly Strange[];
  readonly rulings: Readonly<Record<HandlerName, Ruling>>;
  readonly subjects: Readonly<Record<HandlerName, string>>;
  readonly latencies: Readonly<Record<HandlerName, Latency>>;
  /** What each proof may do; absent where nobody asks. */
  readonly scopes?: Readonly<Record<HandlerName, readonly string[]>>;
}

/** Cookies and certificates are sent without being asked. */
export function isExplicit(name: HandlerName): boolean {
  return name !== 'session' && name !== 'certificate';
}
