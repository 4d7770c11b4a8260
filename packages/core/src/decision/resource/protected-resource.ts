import { sourceOf } from '../../handler/credential-source.js';
import type { SecurityHandler } from '../../handler/handler.js';
import * as option from '../../options/options.js';
import { declaredMember } from '../../options/own-members.js';
import { takesToken } from '../../verdict/challenge.js';
import type { HeaderLine } from '../../verdict/verdict.js';
import type { PublicAnswer } from '../decider.js';
import { DETAILS, problemJson, TITLES } from '../problem.js';
import { isSafe, type ResourceSettings } from './resource-options.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const METHODS = 'GET, HEAD, OPTIONS';

/** What the chain enforces now, for the document. A list is another one when it has changed. */
export interface Enforced {
  readonly handlers: readonly SecurityHandler[];
  readonly scopes: readonly string[];
}

/** Where the metadata of a resource are: the well-known name stands between host and path (RFC 9728 3.1). */
export function metadataUrlOf(identifier: string): string {
  const { origin, pathname } = new URL(identifier);
  return origin + WELL_KNOWN + (pathname === '/' ? '' : pathname);
}

/**
 * The API as a protected resource of OAuth: its metadata say by which authorization servers, scopes and methods a client
 * gets in (RFC 9728). Everything follows from the configuration of the chain; nothing of a request is read into it.
 */
export class ProtectedResource {
  readonly identifier: string;
  /** The address of the metadata, which challenges name as `resource_metadata` (RFC 9728 5.1). */
  readonly metadataUrl: string;
  readonly #path: string;
  readonly #settings: ResourceSettings;
  readonly #enforced: Enforced;
  #published: Published;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID if a handler tells authorization servers that are no texts */
  constructor(settings: ResourceSettings, enforced: Enforced) {
    this.identifier = settings.identifier;
    this.metadataUrl = metadataUrlOf(settings.identifier);
    this.#path = new URL(this.metadataUrl).pathname;
    this.#settings = settings;
    this.#enforced = enforced;
    this.#published = publishedOf(settings, enforced);
  }

  /** The document, with the names of RFC 9728 2. */
  get metadata(): Readonly<Record<string, unknown>> {
    return this.#current.metadata;
  }

  /**
   * The answer to a request for the metadata; undefined for other requests. The form without the path of the resource is
   * answered, too: clients that know only the host ask for it.
   */
  answer(method: string, target: string): PublicAnswer | undefined {
    if (!target.startsWith(WELL_KNOWN)) return undefined;
    const [path] = target.split('?', 1);
    if (path !== WELL_KNOWN && path !== this.#path) return undefined;
    return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? this.#current.answer : notAllowed();
  }

  /** Routes may add requirements and guards, and with them handlers and scopes, after the chain was made. */
  get #current(): Published {
    const { handlers, scopes } = this.#enforced;
    const isCurrent = this.#published.handlers === handlers && this.#published.scopes === scopes;
    if (!isCurrent) this.#published = publishedOf(this.#settings, this.#enforced);
    return this.#published;
  }
}

/** What is published for these handlers and scopes. */
interface Published extends Enforced {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly answer: PublicAnswer;
}

function publishedOf(settings: ResourceSettings, enforced: Enforced): Published {
  const body = JSON.stringify(documentOf(settings, enforced));
  return {
    handlers: enforced.handlers,
    scopes: enforced.scopes,
    metadata: Object.freeze(JSON.parse(body)),
    answer: answerOf(body),
  };
}

function documentOf(settings: ResourceSettings, { handlers, scopes }: Enforced): Readonly<Record<string, unknown>> {
  const servers = settings.authorizationServers ?? toldBy(handlers).filter((issuer) => isSafe(issuer, settings));
  const listed = settings.scopes ?? scopes.filter((scope) => scope !== 'offline_access');
  const takers = handlers.filter(({ challenges }) => challenges.some(takesToken));
  return {
    ...boundTokens(takers),
    ...settings.members,
    resource: settings.identifier,
    authorization_servers: someOf([...new Set(servers)]),
    scopes_supported: someOf(listed),
    bearer_methods_supported: takers.length === 0 ? undefined : methodsOf(takers),
    resource_name: settings.name,
    resource_documentation: settings.documentation,
    resource_policy_uri: settings.policy,
    resource_tos_uri: settings.termsOfService,
  };
}

/**
 * How tokens are bound to keys: by the challenges, the algorithms of DPoP proofs and whether there is no other way in; by what
 * handlers say, whether they have to be bound to certificates. The options may say it in other words.
 */
function boundTokens(takers: readonly SecurityHandler[]): Readonly<Record<string, unknown>> {
  const isOfCertificates = takers.some((handler) => declaredMember(handler, 'boundTo')?.includes('x5t#S256'));
  return { ...boundByDpop(takers), tls_client_certificate_bound_access_tokens: isOfCertificates || undefined };
}

function boundByDpop(takers: readonly SecurityHandler[]): Readonly<Record<string, unknown>> {
  const challenges = takers.flatMap((handler) => handler.challenges.filter(takesToken));
  const ofDpop = challenges.filter(({ scheme }) => scheme.toLowerCase() === 'dpop');
  if (ofDpop.length === 0) return {};
  const algorithms = ofDpop.flatMap(({ parameters }) => parameters['algs']?.split(' ') ?? []);
  return {
    dpop_signing_alg_values_supported: someOf([...new Set(algorithms)]),
    dpop_bound_access_tokens_required: ofDpop.length === challenges.length || undefined,
  };
}

/** Members without a value are left out (RFC 9728 3.2). */
function someOf(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** The authorization servers that handlers declare; a property of `Object.prototype` does not count. */
function toldBy(handlers: readonly SecurityHandler[]): readonly string[] {
  return handlers.flatMap((handler) => {
    const servers = declaredMember(handler, 'authorizationServers');
    return servers === undefined ? [] : ISSUERS(servers, 'the authorizationServers of a handler');
  });
}

const ISSUERS = option.listOf(option.text);

/** The methods of RFC 6750 2: a token in a cookie, or in a header of its own, is none of them. */
function methodsOf(handlers: readonly SecurityHandler[]): readonly string[] {
  const places = new Set(handlers.flatMap((handler) => sourceOf(handler).places.map(({ at }) => at)));
  return [places.has('authorization:bearer') && 'header', places.has('query:access_token') && 'query'].filter(
    (method) => method !== false,
  );
}

/** Pages of every origin may read both: they hold nothing that is not public. */
const FOR_EVERY_ORIGIN: readonly HeaderLine[] = [
  ['Allow', METHODS],
  ['Access-Control-Allow-Origin', '*'],
  ['Access-Control-Allow-Methods', METHODS],
  ['Access-Control-Allow-Headers', '*'],
];

function answerOf(body: string): PublicAnswer {
  const headers: readonly HeaderLine[] = [
    ['Cache-Control', 'public, max-age=3600'],
    ['Content-Type', 'application/json'],
    ...FOR_EVERY_ORIGIN,
  ];
  return Object.freeze({ status: 200, headers: Object.freeze(headers), body });
}

let otherMethods: PublicAnswer | undefined;

/** Made when it is first needed: most chains are no such resource. */
function notAllowed(): PublicAnswer {
  otherMethods ??= madeNotAllowed();
  return otherMethods;
}

function madeNotAllowed(): PublicAnswer {
  const code = 'method_not_allowed';
  const problem = { status: 405, title: TITLES[405] as string, detail: DETAILS[code], code };
  const { contentType, body } = problemJson({ ...problem, scopes: undefined, correlationId: undefined });
  const headers: readonly HeaderLine[] = [
    ['Cache-Control', 'no-store'],
    ['Content-Type', contentType],
    ...FOR_EVERY_ORIGIN,
  ];
  return Object.freeze({ status: 405, headers: Object.freeze(headers), body });
}
