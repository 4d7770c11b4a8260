import type { SecurityChain } from '@sallyport/core';
import type { IncomingRequest } from '@sallyport/core/extend';
import type { Values } from '../command/command.js';
import { CommandError } from '../command/command-error.js';
import type { Surroundings } from '../command/surroundings.js';
import type { EXPLAIN_FLAGS } from './explain-flags.js';
import { requestFrom } from './request-text.js';
import { textOf, tokenFrom } from './secret-input.js';

type ExplainFlags = Values<typeof EXPLAIN_FLAGS>;

/** Makes the request of the command line, once the operations of the chain are known. */
export type AskedRequest = (chain: SecurityChain) => IncomingRequest;

/**
 * Reads the token or the request.
 * @throws {CommandError}
 */
export async function askedRequest(flags: ExplainFlags, surroundings: Surroundings): Promise<AskedRequest> {
  const { request, 'token-file': file, 'token-env': variable, operation, method, target } = flags;
  if (request !== undefined) {
    const others = [file, variable, operation, method, target].filter((flag) => flag !== undefined);
    if (others.length > 0) throw new CommandError('--request goes with no option about a token');
    const { body, ...written } = requestFrom(await textOf(request, '--request', surroundings));
    return () => ({ ...written, body: bodyOf(body) });
  }
  if (file !== undefined && variable !== undefined)
    throw new CommandError('the token is either in --token-file or in --token-env');
  if (operation !== undefined && (method ?? target) !== undefined)
    throw new CommandError('--operation goes neither with --method nor with --target');
  if (file === undefined && variable === undefined && surroundings.stdin.isTTY === true)
    throw new CommandError('give the token on stdin, or by --token-file or --token-env; or a request by --request');
  const token = await tokenFrom({ file, variable }, surroundings);
  return (chain) => ({ ...calledBy(flags, chain), rawHeaders: ['Authorization', `Bearer ${token}`] });
}

function bodyOf(text: string): NonNullable<IncomingRequest['body']> {
  const bytes = Buffer.from(text);
  return (limitBytes) => (bytes.length > limitBytes ? 'too_large' : bytes);
}

/** What is called with the token. Any value will do for a parameter of the path. */
function calledBy(
  { operation: id, method = 'GET', target }: ExplainFlags,
  { requires }: SecurityChain,
): Pick<IncomingRequest, 'method' | 'target'> {
  const { operations, requirement } = requires;
  if (id !== undefined) {
    const operation = operations.find((each) => each.id === id);
    if (operation === undefined)
      throw new CommandError('--operation is none of the configuration: see sallyport matrix');
    return { method: operation.method, target: operation.template.replaceAll(/\{[^}]*\}/g, '1') };
  }
  if (target === undefined && requirement === undefined)
    throw new CommandError(
      'the configuration has operations: say which one by --operation, or by --method and --target',
    );
  return { method, target: target ?? '/' };
}
