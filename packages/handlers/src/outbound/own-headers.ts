import { readFile, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { UpstreamError } from '@sallyport/core';
import { type Clock, type Eventually, option } from '@sallyport/core/extend';
import { problemAt } from './outbound-answer.js';
import type { OutboundRequest, PendingRequest } from './outbound-request.js';

const absolutePath = option.refined(option.text, (value, name) => {
  if (!isAbsolute(value)) throw option.invalid(name, 'must be an absolute path');
  return value;
});

export const HEADER_FILE = option.table('HeaderFile', {
  /** An absolute path. The file is read again at most once a second; a line break at its end does not count. */
  file: absolutePath,
  /** What stands before the text of the file, such as `Bearer ` with its space. Default: nothing. */
  prefix: option.optional(option.text),
});

/** A header whose value is in a file that may change, such as the token of a service account in Kubernetes. */
export interface HeaderFile extends option.Given<typeof HEADER_FILE> {}

/** The value of a header, or the file that has it. */
type HeaderValue = string | HeaderFile;
type NamedHeaders = Readonly<Record<string, HeaderValue>>;
type MakeHeaders = (url: URL) => Eventually<Readonly<Record<string, string>>>;

/** What each call needs, or has to do with its connection: whoever could set it could smuggle requests. */
const OF_THE_CALL: readonly string[] = [
  ...['accept', 'accept-encoding', 'content-encoding', 'content-length', 'content-type', 'expect', 'host'],
  ...['connection', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding'],
  'upgrade',
];
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

function isHeader(name: string, value: unknown): value is string {
  return NAME.test(name) && !OF_THE_CALL.includes(name.toLowerCase()) && typeof value === 'string' && VALUE.test(value);
}

const headerValue = option.withSchema<HeaderValue>(
  { anyOf: [option.text.schema as option.Schema, HEADER_FILE.schema] },
  (value, name) => (typeof value === 'object' && value !== null ? HEADER_FILE(value, name) : option.text(value, name)),
);
const namedHeaders = option.namedValues(headerValue);

/** Errors never quote a value. */
export const ownHeadersOption = option.withSchema<NamedHeaders | MakeHeaders>(namedHeaders.schema, (value, name) => {
  if (typeof value === 'function') return value as MakeHeaders;
  const headers = namedHeaders(value, name);
  const names = Object.keys(headers);
  if (!Object.entries(headers).every(([key, each]) => isHeader(key, typeof each === 'string' ? each : 'file'))) {
    throw option.invalid(name, 'must be headers of visible ASCII that are not up to the call itself');
  }
  if (new Set(names.map((each) => each.toLowerCase())).size < names.length) {
    throw option.invalid(name, 'must not name a header twice');
  }
  return headers;
});

const READ_EVERY_MS = 1_000;
/** More than a server takes. */
const MAX_FILE_BYTES = 16 * 1_024;

/** The headers that the operator adds to all calls of a client. Their values are secrets: nothing repeats them. */
export class OwnHeaders {
  readonly #make: MakeHeaders;

  constructor(given: NamedHeaders | MakeHeaders, clock: Clock) {
    this.#make = typeof given === 'function' ? fromFunction(given) : fromConfiguration(given, clock);
  }

  /** The same request with them. Those that the handler itself sends, such as its client authentication, stay as they are. */
  addTo(source: PendingRequest): () => Promise<OutboundRequest> {
    return async () => {
      const request = typeof source === 'function' ? await source() : source;
      const headers = await this.#madeFor(request.url);
      return { ...request, headers: { ...lowerCased(headers), ...lowerCased(request.headers ?? {}) } };
    };
  }

  async #madeFor(url: URL): Promise<Readonly<Record<string, string>>> {
    try {
      return await this.#make(url);
    } catch (error) {
      throw unsendable(problemAt(url, (error as Error).message));
    }
  }
}

/** What the function throws may quote a value. */
function fromFunction(make: MakeHeaders): MakeHeaders {
  return async (url) => {
    const headers = await Promise.resolve(url)
      .then(make)
      .catch(() => undefined);
    const isUsable = typeof headers === 'object' && headers !== null;
    if (isUsable && Object.entries(headers).every(([name, value]) => isHeader(name, value))) return headers;
    throw unsendable('the function of outbound.headers has no usable headers');
  };
}

function fromConfiguration(given: NamedHeaders, clock: Clock): MakeHeaders {
  const values = Object.entries(given).map(([name, value]) => {
    const read = typeof value === 'string' ? () => value : fileReader(name, value, clock);
    return async () => [name, await read()] as const;
  });
  return async () => Object.fromEntries(await Promise.all(values.map((value) => value())));
}

/** Reads at most once a second, for however many calls. */
function fileReader(name: string, { file, prefix = '' }: HeaderFile, clock: Clock): () => Promise<string> {
  let text: Promise<string> | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const nowMs = clock.monotonic();
    if (text === undefined || nowMs - readAtMs >= READ_EVERY_MS) {
      readAtMs = nowMs;
      text = smallFile(file);
    }
    const value = await text.then(
      (found) => prefix + found,
      (error: { readonly code?: unknown }) => {
        throw unsendable(`the file of the header ${name} cannot be read (${String(error.code)}): ${file}`);
      },
    );
    if (isHeader(name, value)) return value;
    throw unsendable(`the file of the header ${name} holds no usable value: ${file}`);
  };
}

/** "" for what is no file, such as a pipe, which might never end, and for what is too large. */
async function smallFile(path: string): Promise<string> {
  const state = await stat(path);
  if (!state.isFile() || state.size > MAX_FILE_BYTES) return '';
  return (await readFile(path, 'latin1')).replace(/\r?\n$/, '');
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function unsendable(problem: string): UpstreamError {
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', problem);
}
