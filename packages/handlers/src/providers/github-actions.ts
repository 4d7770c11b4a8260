import { option } from '@sallyport/core/extend';
import type { TrustedIssuer } from '../jwt/trusted-issuer.js';
import { callerBy, isOneOf } from './caller.js';

export const GITHUB_ACTIONS = option.table('GithubActionsOptions', {
  /** Who is meant by `aud`: what your workflows ask for. Default at GitHub: the URL of the owner, so ask for your own. */
  audience: option.textOrTexts,
  /** The repositories whose workflows are accepted: `octo-org/orders`. Every workflow of GitHub can ask for your audience. */
  repositories: option.textOrTexts,
});

/** What `githubActions` needs to know. */
export interface GithubActionsOptions extends option.Given<typeof GITHUB_ACTIONS> {}

const mapPrincipal = callerBy({ isWorkload: () => true });

/**
 * GitHub Actions as an issuer of the tokens of its workflows. Keys: those of its metadata. All callers are clients; the
 * subject says repository and branch or environment. There are no scopes and no roles.
 * @param name stands in front of an option in errors, such as the place in a file
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const issuer = githubActions({ audience: 'https://deploy.example.com', repositories: 'octo-org/orders' });
 * const tokens = new JwtHandler({ realm: 'deploy', issuers: [issuer] });
 */
export function githubActions(options: GithubActionsOptions, name: string = GITHUB_ACTIONS.owner): TrustedIssuer {
  const { audience, repositories } = GITHUB_ACTIONS(options, name);
  return {
    issuer: 'https://token.actions.githubusercontent.com',
    audience,
    algorithms: ['RS256'],
    keys: { discovery: true },
    acceptTyp: ['JWT'],
    accessTokenClaims: ['repository'],
    claimRules: { repository: isOneOf(repositories) },
    mapPrincipal,
  };
}
