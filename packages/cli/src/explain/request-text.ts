import { CommandError } from '../command/command-error.js';

/** A request that is decided, as it is written in a file. */
export interface WrittenRequest {
  readonly method: string;
  readonly target: string;
  /** Names and values alternating. */
  readonly rawHeaders: readonly string[];
  readonly remoteAddress?: string | undefined;
  readonly body: string;
}

/**
 * Reads a request: JSON with `method`, `target`, `headers`, `body` and `remoteAddress`, or its text as it is sent (RFC 9112).
 * Errors quote nothing: it holds credentials.
 * @throws {CommandError}
 */
export function requestFrom(text: string): WrittenRequest {
  return text.trimStart().startsWith('{') ? fromJson(text) : fromHead(text);
}

function fromHead(text: string): WrittenRequest {
  const [head = '', ...body] = text.trimStart().split(/\r?\n\r?\n/);
  const [line = '', ...fields] = head.trimEnd().split(/\r?\n/);
  const [, method, target] = /^(\S+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/.exec(line) ?? [];
  if (method === undefined || target === undefined)
    throw new CommandError('the request must begin with a line such as GET /orders HTTP/1.1');
  const rawHeaders = fields.flatMap((field, index) => {
    const [, name, value] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(field) ?? [];
    if (name === undefined || value === undefined)
      throw new CommandError(`line ${index + 2} of the request is no header, such as Accept: application/json`);
    return [name, value];
  });
  return { method, target, rawHeaders, body: body.join('\n\n') };
}

function fromJson(text: string): WrittenRequest {
  const { method = 'GET', target, headers = {}, body = '', remoteAddress, ...others } = objectIn(text);
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new CommandError('the request has an unknown member; it has method, target, headers, body, remoteAddress');
  if (!isText(method) || !isText(target)) throw new CommandError('method and target of the request must be texts');
  if (!isText(body)) throw new CommandError('body of the request must be a text');
  if (remoteAddress !== undefined && !isText(remoteAddress))
    throw new CommandError('remoteAddress of the request must be a text');
  return { method, target, rawHeaders: linesOf(headers), body, remoteAddress };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError('the request is no JSON');
  }
}

function linesOf(headers: unknown): readonly string[] {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    throw new CommandError('headers of the request must be an object: each name with a text, or with a list of texts');
  return Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().flatMap((each: unknown) => {
      if (!isText(each)) throw new CommandError('every header of the request must be a text, or a list of texts');
      return [name, each];
    }),
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
