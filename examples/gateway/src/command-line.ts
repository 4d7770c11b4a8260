import { parseArgs } from 'node:util';

export interface CommandLine {
  /** API and client registration. */
  readonly port: number;
  /** Token endpoint. */
  readonly tokenPort: number;
  readonly accessTokenTtlSeconds: number;
}

/** What is wrong with the command line or the environment, in one line. */
export class CommandLineError extends Error {}

export const USAGE = `Usage: npm start -- [--port N] [--token-port N] [--access-token-ttl SECONDS]

  --port N                    API and client registration (GATEWAY_PORT, default 9443)
  --token-port N              token endpoint (TOKEN_PORT, default 8243)
  --access-token-ttl SECONDS  life of an access token (ACCESS_TOKEN_TTL, default 3600)

Port 0 takes any free port.`;

/** Reads the options; `undefined` when help was asked for. @throws {CommandLineError} */
export function readCommandLine(args: readonly string[], environment: NodeJS.ProcessEnv): CommandLine | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const ttl = values['access-token-ttl'] ?? environment['ACCESS_TOKEN_TTL'] ?? '3600';
  return {
    port: whole('port', values.port ?? environment['GATEWAY_PORT'] ?? '9443', 0, 65_535),
    tokenPort: whole('token-port', values['token-port'] ?? environment['TOKEN_PORT'] ?? '8243', 0, 65_535),
    accessTokenTtlSeconds: whole('access-token-ttl', ttl, 1, 86_400),
  };
}

interface Values {
  port?: string | undefined;
  'token-port'?: string | undefined;
  'access-token-ttl'?: string | undefined;
  help?: boolean | undefined;
}

function parse(args: readonly string[]): Values {
  const options = {
    port: { type: 'string' },
    'token-port': { type: 'string' },
    'access-token-ttl': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new CommandLineError((error as Error).message.split('\n')[0]);
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new CommandLineError(`${name} must be a whole number from ${least} to ${most}`);
  }
  return value;
}
