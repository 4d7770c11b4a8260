import * as option from '../../../options/options.js';
import type { Rule, RuleRow } from '../rule.js';
import { ADAPTER_RULES, type AdapterRulesOptions, type OpenAdapter, type Subject } from './adapter-under-test.js';
import { readsBodiesThatAreProved, refusesBodiesOfUpgrades, refusesBodiesThatAreTooLarge } from './body-rules.js';
import { endsWithItsClient, keepsRequestsApart, servesOnAfterRefusals, takesDecidersOnly } from './connection-rules.js';
import {
  addsGuardsOfRoutes,
  addsRequirementsOfRoutes,
  attachesThePrincipal,
  leavesErrorsToTheFramework,
  letsPreflightsThrough,
  makesNobodyAUser,
  readsNoBody,
  verifiesOnce,
  writesHeadersOfGrants,
} from './granting-rules.js';
import { publishesTheMetadata } from './publishing-rules.js';
import { readsForwardedCertificates, readsWhatWasSent, tellsMethodAndTarget, tellsTheClient } from './reading-rules.js';
import {
  handsDenialsBack,
  keepsChallengesApart,
  refusesUpgrades,
  writesDenialsAsTheyAre,
  writesNoBodyForHead,
} from './refusing-rules.js';

const RULES: readonly RuleRow<Subject>[] = [
  ['principal-attached', 'a request that is granted reaches the application with its principal', attachesThePrincipal],
  ['nobody-is-no-user', 'a caller without credentials is no user', makesNobodyAUser],
  ['route-guards', 'a route adds its guards', addsGuardsOfRoutes],
  ['route-requirements', 'a route adds its requirement to that of the chain', addsRequirementsOfRoutes],
  ['verified-once', 'a request is verified once, however many guards look at it', verifiesOnce],
  ['headers-of-grants', 'header lines of a granted decision go onto the answer', writesHeadersOfGrants],
  ['body-unread', 'no body is read by the adapter where none is proved', readsNoBody],
  ['body-proved', 'a body is read where it is proved, and stays for the application', readsBodiesThatAreProved],
  ['body-too-large', 'a body that is too large to be proved gets 413, and its answer', refusesBodiesThatAreTooLarge],
  ['errors-left-alone', 'an error of the application is no refusal', leavesErrorsToTheFramework],
  ['preflights', 'a preflight is let through by an option, and not otherwise', letsPreflightsThrough],
  ['denials-as-they-are', 'a refusal has the status, lines and body of its decision', writesDenialsAsTheyAre],
  ['head-without-body', 'HEAD gets the lines of a refusal and no body', writesNoBodyForHead],
  ['challenges-apart', 'each challenge is a line of its own', keepsChallengesApart],
  ['denials-handed-back', 'what onDenied gives back is answered as without it', handsDenialsBack],
  ['metadata-published', 'the metadata of the resource are answered before any decision', publishesTheMetadata],
  ['read-as-sent', 'lines and target are read as they were sent', readsWhatWasSent],
  ['method-and-target', 'the chain is told the method and the whole target', tellsMethodAndTarget],
  ['client-address', 'the chain is told who is connected, and X-Forwarded-For only by an option', tellsTheClient],
  [
    'forwarded-certificates',
    'the chain is told the certificate that a proxy forwards, and only from proxies of an option',
    readsForwardedCertificates,
  ],
  ['client-gone', 'a client that goes away ends its decision', endsWithItsClient],
  ['serves-on', 'a connection serves on after a refusal, and a body is not taken for a request', servesOnAfterRefusals],
  ['requests-apart', 'of many requests none is answered with the principal of another', keepsRequestsApart],
  ['deciders-only', 'what cannot decide is refused when the server starts', takesDecidersOnly],
];

const UPGRADE_RULES: readonly RuleRow<Subject>[] = [
  ['upgrades', 'an upgrade is decided as a request is, and a refused one ends its connection', refusesUpgrades],
  ['upgrades-without-body', 'a chain that asks for bodies of upgrades is refused', refusesBodiesOfUpgrades],
];

/**
 * The rules that every adapter has to keep, in the protocol of the options. Run each as a test of its own:
 * `for (const { title, check } of adapterRules(open)) test(title, check)`. `open` starts a server for each rule.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const open = async (decider: Decider, options: MountingOptions) => serveWith(decider, options);
 * for (const { title, check } of adapterRules(open)) test(title, check);
 */
export function adapterRules(open: OpenAdapter, options: AdapterRulesOptions = {}): readonly Rule[] {
  option.callable()(open, 'the function of adapterRules()');
  const { joinsLines, protocol, upgrades } = ADAPTER_RULES(options);
  if (upgrades && protocol === 'h2')
    throw option.invalid('AdapterRulesOptions.upgrades', 'must be absent with h2: HTTP/2 has no upgrades');
  return [...RULES, ...(upgrades ? UPGRADE_RULES : [])].map(([id, title, check]) => ({
    id,
    title,
    check: async () => check({ open, joinsLines, protocol }),
  }));
}
