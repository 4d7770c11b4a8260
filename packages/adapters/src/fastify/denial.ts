import type { PublicAnswer } from '@sallyport/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { headerFields } from '../node/write-denial.js';

/** The body is sent as bytes, because Fastify adds a charset to JSON that is text. */
export function sendDenial(denied: PublicAnswer, _request: FastifyRequest, reply: FastifyReply): void {
  const body = Buffer.from(denied.body);
  reply.code(denied.status);
  for (const [name, value] of headerFields(denied.headers)) reply.header(name, value);
  reply.header('content-length', body.length).send(body);
}
