import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import type { NodeResponse } from '../../node/node-message.js';

type Fields = OutgoingHttpHeaders | readonly OutgoingHttpHeader[];
type WriteHead = (status: number, ...rest: readonly (string | Fields | undefined)[]) => NodeResponse;

/** What is told of an answer when its head is written. */
export interface HeadListener {
  /** All fields stand in the response, and may still be changed. */
  before?(status: number): void;
  after(status: number): void;
}

/** Tells when the head of an answer is written, whoever writes it, and in whatever way. */
export function onHead(response: NodeResponse, listener: HeadListener): void {
  const holder = response as { writeHead: WriteHead };
  const write = holder.writeHead;
  holder.writeHead = (status, ...rest) => {
    holder.writeHead = write;
    const reason = typeof rest[0] === 'string' ? rest[0] : undefined;
    setFields(response, rest.find((each): each is Fields => typeof each === 'object') ?? {});
    listener.before?.(status);
    const answer = reason === undefined ? write.call(response, status) : write.call(response, status, reason);
    listener.after(status);
    return answer;
  };
}

/** The fields that are given to `writeHead` alone cannot be read afterwards. They replace those of their names. */
function setFields(response: NodeResponse, given: Fields): void {
  const fields = new Map<string, { name: string; values: string[] }>();
  for (const [name, value] of linesOf(given)) {
    const field = fields.get(name.toLowerCase()) ?? { name, values: [] };
    field.values.push(...[value].flat().map(String));
    fields.set(name.toLowerCase(), field);
  }
  for (const { name, values } of fields.values()) {
    const [first = ''] = values;
    response.setHeader(name, values.length === 1 ? first : values);
  }
}

function linesOf(given: Fields): readonly (readonly [string, OutgoingHttpHeader])[] {
  if (!isList(given))
    return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  if (given.every(Array.isArray)) return given.map(([name, value]) => [String(name), String(value)]);
  return given.flatMap((each, index) => (index % 2 === 0 ? [[String(each), given[index + 1] ?? '']] : []));
}

function isList(given: Fields): given is readonly OutgoingHttpHeader[] {
  return Array.isArray(given);
}
