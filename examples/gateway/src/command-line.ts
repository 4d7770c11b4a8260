import { parseArgs } from 'node:util';
import { option } from '@sallyport/core/extend';
import { DEFINITION_FILE } from './definition.js';
import { TIER_NAMES, type Tier, type Tiers } from './throttling.js';

export interface CommandLine {
  /** The address to listen at. */
  readonly host: string;
  /** API and client registration. */
  readonly port: number;
  /** Token endpoint. */
  readonly tokenPort: number;
  readonly accessTokenTtlSeconds: number;
  /** The introspection endpoint and its certificate (a PEM file), if it is not the embedded server. */
  readonly introspection: { readonly endpoint: string; readonly certificateFile: string } | undefined;
  /** The file of the definition that is enforced. */
  readonly definition: string;
  /** The file of a definition that is tried beside it. */
  readonly nextDefinition: string | undefined;
  /** What callers may ask for in a minute. */
  readonly tiers: Tiers;
  /** Refuses a missing scope with 401, as WSO2 does, and not with 403 (RFC 6750 3.1). */
  readonly isWso2Compatible: boolean;
}

/** A mistake in the command line or the environment, in one line. */
export class CommandLineError extends Error {}

export const USAGE = `Usage: npm start -- [--port N] [--token-port N] [--access-token-ttl SECONDS]

  --host ADDRESS              where to listen (GATEWAY_HOST, default localhost: its passwords are known to everybody)
  --port N                    API and client registration (GATEWAY_PORT, default 9443)
  --token-port N              token endpoint (TOKEN_PORT, default 8243)
  --access-token-ttl SECONDS  life of an access token (ACCESS_TOKEN_TTL, default 3600)
  --definition FILE           the OpenAPI definition that is enforced (default gateway-api.yaml of this example)
  --next-definition FILE      tell in the log which requests another definition would answer differently
  --application-tier NAME     what an application may ask for in a minute: 10PerMin, 20PerMin, 50PerMin, … (default Unlimited)
  --subscription-tier NAME    what an application may ask for of the API: Bronze, Silver, Gold (default Unlimited)
  --network-tier NAME         what a network may ask for, authenticated or not: Unauthenticated (default Unlimited)
  --wso2-compatible           refuse a missing scope with 401, as WSO2 does, instead of 403
  --introspection-endpoint URL, --introspection-ca FILE
                              introspect through another address, a proxy say, whose certificate is in FILE

Port 0 takes any free port.`;

/** Reads the options; `undefined` when help was asked for. @throws {CommandLineError} */
export function readCommandLine(args: readonly string[], environment: NodeJS.ProcessEnv): CommandLine | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const ttl = values['access-token-ttl'] ?? environment['ACCESS_TOKEN_TTL'] ?? '3600';
  return {
    host: values.host ?? environment['GATEWAY_HOST'] ?? 'localhost',
    port: whole('port', values.port ?? environment['GATEWAY_PORT'] ?? '9443', 0, 65_535),
    tokenPort: whole('token-port', values['token-port'] ?? environment['TOKEN_PORT'] ?? '8243', 0, 65_535),
    accessTokenTtlSeconds: whole('access-token-ttl', ttl, 1, 86_400),
    introspection: elsewhere(values['introspection-endpoint'], values['introspection-ca']),
    definition: values.definition ?? DEFINITION_FILE,
    nextDefinition: values['next-definition'],
    tiers: {
      application: tier('application-tier', values['application-tier']),
      subscription: tier('subscription-tier', values['subscription-tier']),
      network: tier('network-tier', values['network-tier']),
    },
    isWso2Compatible: values['wso2-compatible'] ?? false,
  };
}

function elsewhere(endpoint: string | undefined, certificateFile: string | undefined): CommandLine['introspection'] {
  if (endpoint === undefined && certificateFile === undefined) return undefined;
  if (endpoint === undefined || certificateFile === undefined || !URL.canParse(endpoint)) {
    throw new CommandLineError('introspection-endpoint (a URL) and introspection-ca (a file) go together');
  }
  return { endpoint, certificateFile };
}

const FLAGS = {
  host: { type: 'string' },
  port: { type: 'string' },
  'token-port': { type: 'string' },
  'access-token-ttl': { type: 'string' },
  'introspection-endpoint': { type: 'string' },
  'introspection-ca': { type: 'string' },
  definition: { type: 'string' },
  'next-definition': { type: 'string' },
  'application-tier': { type: 'string' },
  'subscription-tier': { type: 'string' },
  'network-tier': { type: 'string' },
  'wso2-compatible': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS }).values;
  } catch (error) {
    const { message } = error as Error;
    const [first = ''] = message.split('\n');
    throw new CommandLineError(unknownFlag(message) ?? first);
  }
}

/** The message about a flag that does not exist, with the nearest flag. */
function unknownFlag(message: string): string | undefined {
  const flag = /Unknown option '--?([^']+)'/.exec(message)?.[1];
  if (flag === undefined) return undefined;
  const known = Object.fromEntries(Object.keys(FLAGS).map((name) => [name, option.unchecked()]));
  try {
    option.table('the command line', known)({ [flag]: true });
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
}

function tier(name: string, text = 'Unlimited'): Tier {
  const known = TIER_NAMES.find((each) => each === text);
  if (known === undefined) throw new CommandLineError(`${name} must be one of ${TIER_NAMES.join(', ')}`);
  return known;
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new CommandLineError(`${name} must be a whole number from ${least} to ${most}`);
  }
  return value;
}
