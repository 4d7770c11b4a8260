import type { ServerResponse } from 'node:http';
import * as option from '../../options/options.js';

export const STATUS_FAULT = option.table('StatusFault', {
  status: option.between(200, 599),
  retryAfterSeconds: option.unchecked<number | undefined>(),
});

export const BODY_FAULT = option.table('BodyFault', {
  body: option.unchecked<string>(),
  contentType: option.optional(option.text),
});

/** A fault: an error status, a wrong body, no answer at all, or a broken connection. */
export type Fault = option.Given<typeof STATUS_FAULT> | option.Given<typeof BODY_FAULT> | 'hang' | 'reset';

/** @throws {ConfigurationError} for a value that is no fault: a test would wait for a failure that never comes */
export function checkedFault(fault: Fault): Fault {
  if (fault === 'hang' || fault === 'reset') return fault;
  if (typeof fault !== 'object' || fault === null)
    throw option.invalid('Fault', 'must be hang, reset, a status or a body');
  if (Object.hasOwn(fault, 'body')) {
    const { body, contentType } = BODY_FAULT(fault, 'Fault');
    if (typeof body !== 'string') throw option.invalid('Fault.body', 'must be a string');
    return { body, contentType };
  }
  return STATUS_FAULT(fault, 'Fault');
}

export function answerWithFault(fault: Fault, response: ServerResponse): void {
  // The connection stays open until either side closes it.
  if (fault === 'hang') return;
  if (fault === 'reset') {
    response.destroy();
    return;
  }
  if ('body' in fault) {
    response.writeHead(200, { 'content-type': fault.contentType ?? 'application/json' }).end(fault.body);
    return;
  }
  const { status, retryAfterSeconds } = fault;
  response.writeHead(status, retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }).end();
}
