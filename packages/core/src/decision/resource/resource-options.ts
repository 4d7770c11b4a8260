import * as option from '../../options/options.js';
import { isScopeToken } from '../../principal/scope-token.js';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

const HTTP_URL: option.Schema = { type: 'string', pattern: '^https?://' };

/** An absolute URL over http or https, in the spelling that URL parsers give it: clients compare it as text. */
const normalUrl: option.Check<string> = option.withSchema(HTTP_URL, (value, name) => {
  const text = option.text(value, name);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw option.invalid(name, 'must be an https URL');
  if (/[?#]/.test(text) || url.username !== '' || url.password !== '') {
    throw option.invalid(name, 'must have neither a query nor a fragment nor credentials');
  }
  if (url.href !== text && url.href !== `${text}/`) {
    throw option.invalid(name, 'must be in the spelling that new URL(…).href gives');
  }
  return text;
});

const scope: option.Check<string> = option.withSchema({ type: 'string', minLength: 1 }, (value, name) => {
  if (typeof value === 'string' && isScopeToken(value)) return value;
  throw option.invalid(name, 'must be a scope-token (RFC 6749 3.3)');
});

/** Members of the document that follow from other options, or from the chain. */
const OWN_MEMBERS: readonly string[] = [
  'resource',
  'authorization_servers',
  'scopes_supported',
  'bearer_methods_supported',
  'resource_name',
  'resource_documentation',
  'resource_policy_uri',
  'resource_tos_uri',
];

const otherMembers: option.Check<Readonly<Record<string, unknown>>> = option.withSchema(
  { type: 'object' },
  (value, name) => {
    const members = Object.entries(option.plainObject(value, name));
    const own = OWN_MEMBERS.find((member) => members.some(([each]) => each === member));
    if (own !== undefined) throw option.invalid(name, `must leave ${own} to the other options`);
    return Object.freeze(Object.fromEntries(members));
  },
);

export const RESOURCE = option.table('ResourceOptions', {
  /**
   * The resource identifier: the https URL by which clients and authorization servers know this API (RFC 9728 1.2, RFC 8707
   * 2). Tokens should name it in `aud`. Without a query and a fragment.
   */
  identifier: normalUrl,
  /** Issuers whose tokens are taken here (RFC 8414 2). Default: those that the handlers tell. */
  authorizationServers: option.optional(option.listOf(normalUrl)),
  /** The scopes that are listed. Default: all that operations and guards of the chain need, without `offline_access`. */
  scopes: option.optional(option.listOf(scope)),
  /** The name of the API, for people (`resource_name`). */
  name: option.optional(option.text),
  /** The address of a page for developers (`resource_documentation`). */
  documentation: option.optional(normalUrl),
  /** The address of a page about the use of data (`resource_policy_uri`). */
  policy: option.optional(normalUrl),
  /** The address of the terms of service (`resource_tos_uri`). */
  termsOfService: option.optional(normalUrl),
  /** Other members of the document, by their own names, such as `dpop_bound_access_tokens_required` or `resource_name#de`. */
  members: option.optional(otherMembers),
  /** Takes http for loopback hosts, for tests and development. */
  allowInsecureLoopback: option.withDefault(option.flag, false),
});

/** The API as a protected resource of OAuth, and what its metadata say (RFC 9728 2). */
export interface ResourceOptions extends option.Given<typeof RESOURCE> {}

export interface ResourceSettings extends option.Kept<typeof RESOURCE> {}

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
export const resourceOptions: option.Check<ResourceSettings, ResourceOptions> = option.withSchema(
  RESOURCE.schema,
  (value, name) => {
    const settings = RESOURCE(value as ResourceOptions, name);
    const { identifier, authorizationServers = [], documentation, policy, termsOfService } = settings;
    for (const url of [identifier, ...authorizationServers, documentation, policy, termsOfService]) {
      if (url !== undefined && !isSafe(url, settings)) {
        throw option.invalid(name, 'must have https URLs (http only for loopback hosts with allowInsecureLoopback)');
      }
    }
    return settings;
  },
);

/** Whether a URL has https, or http where that was allowed. */
export function isSafe(
  text: string,
  { allowInsecureLoopback }: Pick<ResourceSettings, 'allowInsecureLoopback'>,
): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && allowInsecureLoopback && LOOPBACK.test(hostname));
}
