import { namesSpeltOut, ownMember, UnfitRequestError } from '@sallyport/core/extend';
import { type Call, namingMember } from './call.js';

/** The messages of one body. */
export interface Posted {
  /** Requests and notifications alike; the answers of a client call nothing. */
  readonly calls: readonly Call[];
  /** Several messages in an array, as protocol versions before 2025-06-18 allow. */
  readonly isBatch: boolean;
  /** The id of the one request, which an answer repeats (JSON-RPC 2.0, 5). */
  readonly id: string | number | null;
}

/** Drops one byte order mark, as JSON parsers of servers do (RFC 8259 8.1). */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the messages of a body that can be read in one way only: UTF-8, and no member twice.
 * @throws {UnfitRequestError} for every other body
 */
export function postedIn(bytes: Uint8Array): Posted {
  const text = decoded(bytes);
  const value = parsed(text);
  if (membersOf(value) !== namesSpeltOut(text)) throw unreadable('a member stands in it twice');
  return messagesOf(value);
}

/**
 * Reads messages that somebody has parsed: then that is what will run.
 * @throws {UnfitRequestError} for what is no message
 */
export function messagesOf(value: unknown): Posted {
  if (!Array.isArray(value)) return { calls: callsOf(value), isBatch: false, id: idOf(value) };
  return { calls: value.flatMap(callsOf), isBatch: true, id: null };
}

/** How a body stands in a request: only then do all parsers read the same (RFC 8259 8.1). */
export function checkForm(contentType: string | undefined, contentEncoding: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  if (type.trim() !== 'application/json') throw unreadable('its media type is not application/json');
  const charset = parameters.map((each) => each.trim()).filter((each) => each.startsWith('charset'));
  if (!charset.every((each) => /^charset="?utf-8"?$/.test(each))) throw unreadable('its charset is not UTF-8');
  if (!/^(?:identity)?$/i.test((contentEncoding ?? '').trim())) throw unreadable('it is encoded');
}

function callsOf(message: unknown): readonly Call[] {
  if (!isObject(message)) throw new UnfitRequestError('unroutable', 'mcp_message_invalid');
  if (!Object.hasOwn(message, 'method')) return [];
  const { method } = message;
  if (typeof method !== 'string') throw new UnfitRequestError('unroutable', 'mcp_message_invalid');
  return [{ method, name: nameIn(ownMember(message, 'params'), namingMember(method)) }];
}

function nameIn(params: unknown, member: string | undefined): string | undefined {
  const name = member !== undefined && isObject(params) ? ownMember(params, member) : undefined;
  return typeof name === 'string' ? name : undefined;
}

function idOf(message: unknown): string | number | null {
  const id = isObject(message) ? ownMember(message, 'id') : undefined;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decoded(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw unreadable('it is no UTF-8');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable('it is no JSON');
  }
}

/** Of all objects in a value. Without recursion: a text may nest as deep as it is long. */
function membersOf(value: unknown): number {
  let count = 0;
  const waiting = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    const values: unknown[] = Object.values(next);
    if (!Array.isArray(next)) count += values.length;
    for (const each of values) if (typeof each === 'object') waiting.push(each);
  }
  return count;
}

function unreadable(why: string): UnfitRequestError {
  return new UnfitRequestError('unroutable', 'mcp_body_unreadable', `the body cannot be read for certain: ${why}`);
}
