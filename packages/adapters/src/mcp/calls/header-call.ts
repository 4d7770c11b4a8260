import { type SecurityRequest, UnfitRequestError } from '@sallyport/core/extend';
import { type Call, namingMember } from './call.js';

/** What the header fields of a request say about its call: each is undefined where it was not sent. */
export interface HeaderCall {
  readonly method: string | undefined;
  readonly name: string | undefined;
}

const SENTINEL = /^=\?base64\?(.*)\?=$/s;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads `Mcp-Method` and `Mcp-Name`. A name that no header field can hold stands there in Base64 between `=?base64?` and `?=`. Lines
 * that are repeated are joined, as servers join them: they then name something else than the body.
 * @throws {UnfitRequestError} for Base64 that can be written otherwise, and for what is no UTF-8 in it
 */
export function headerCallOf(request: Pick<SecurityRequest, 'header'>): HeaderCall {
  const name = request.header('mcp-name');
  return { method: request.header('mcp-method')?.trim(), name: name === undefined ? undefined : decoded(name.trim()) };
}

/** The call that a rule can be found for before the body is read; undefined where the header fields say too little. */
export function callTold({ method, name }: HeaderCall): Call | undefined {
  if (method === undefined) return undefined;
  if (namingMember(method) === undefined) return { method, name: undefined };
  return name === undefined ? undefined : { method, name };
}

/**
 * Whether the header fields say the same as the one message of a body. A body of several messages cannot be said by them.
 */
export function isToldBy({ method, name }: HeaderCall, calls: readonly Call[], isBatch: boolean): boolean {
  if (method === undefined && name === undefined) return true;
  const [call] = calls;
  if (isBatch || call === undefined) return false;
  if (method !== undefined && method !== call.method) return false;
  return name === undefined || namingMember(call.method) === undefined || name === call.name;
}

function decoded(value: string): string {
  const [, base64] = SENTINEL.exec(value) ?? [];
  if (base64 === undefined) return value;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) throw unreadable();
  try {
    return UTF8.decode(bytes);
  } catch {
    throw unreadable();
  }
}

function unreadable(): UnfitRequestError {
  return new UnfitRequestError('unroutable', 'mcp_header_mismatch', 'Mcp-Name is no canonical Base64 of UTF-8');
}
