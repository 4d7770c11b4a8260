import { types } from 'node:util';
import type { Eventually } from '../clock/eventually.js';
import { MisuseError, SallyportError } from '../errors/errors.js';
import { unlessEverybodys } from '../options/own-members.js';

/**
 * Why an adapter has no bytes: the body is larger than asked for, the client has gone before its end, or somebody else has
 * read it and kept no bytes.
 */
export type MissingBody = 'too_large' | 'broken_off' | 'consumed';

/** The part of an adapter's request that reads the body. */
export interface BodySource {
  /**
   * Reads the body as it was sent: without chunks, and not decompressed. Keeps at most `limitBytes` bytes and, where a
   * longer length is declared, reads none. What was read stays there for the application. Never rejects. `signal` is
   * aborted when nobody waits for the bytes any more. Asked only where a handler needs the body; leave it out if there
   * is none to give, as for upgrades.
   */
  body?(limitBytes: number, signal: AbortSignal): Eventually<Uint8Array | MissingBody>;
}

interface Receipt {
  readonly body: Promise<Uint8Array | MissingBody>;
  isPending: boolean;
}

/** By request. Not a field of the request: nearly none has its body read. */
const receipts = new WeakMap<object, Receipt>();

/**
 * Asks for the body of a request, once.
 * @throws {SallyportError} ERR_SALLYPORT_BODY_UNREADABLE, as a rejection, where the adapter has none
 */
export function receive(
  request: { readonly signal: AbortSignal },
  source: BodySource,
  limitBytes: number,
): Promise<Uint8Array | MissingBody> {
  const known = receipts.get(request);
  if (known !== undefined) return known.body.then((body) => withinLimit(body, limitBytes));
  const body = askFor(source, limitBytes, request.signal).finally(() => {
    receipt.isPending = false;
  });
  const receipt: Receipt = { body, isPending: true };
  receipts.set(request, receipt);
  return body;
}

/** Whether somebody waits for the rest of the body. */
export function isReceiving(request: object): boolean {
  return receipts.get(request)?.isPending ?? false;
}

async function askFor(source: BodySource, limitBytes: number, signal: AbortSignal): Promise<Uint8Array | MissingBody> {
  const read = unlessEverybodys('body', source.body);
  if (read === undefined) throw unreadable('this adapter gives no body; mount the chain where requests have one');
  return withinLimit(await read.call(source, limitBytes, signal), limitBytes);
}

function withinLimit(body: Uint8Array | MissingBody, limitBytes: number): Uint8Array | MissingBody {
  if (types.isUint8Array(body)) return body.byteLength > limitBytes ? 'too_large' : body;
  if (body === 'too_large' || body === 'broken_off') return body;
  if (body === 'consumed') throw unreadable('it was read before; mount secure() in front of body parsers');
  throw new MisuseError('body() returned neither bytes nor why there are none');
}

function unreadable(why: string): SallyportError {
  return new SallyportError('ERR_SALLYPORT_BODY_UNREADABLE', `a handler needs the body of the request: ${why}`);
}
