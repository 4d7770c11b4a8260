import { disregard } from '../clock/eventually.js';
import * as option from '../options/options.js';
import type { SecurityRequest } from '../request/request.js';
import { isToken } from '../verdict/http-grammar.js';

/**
 * Gives the id of a request, for events. It answers at once; what is no text, or an error, means that there is no id.
 * @example
 * new SecurityChain({ requirement, requestId: () => storage.getStore()?.requestId });
 */
export type RequestIdFunction = (request: SecurityRequest) => string | undefined;

const MAX_LENGTH = 120;
/** These fields carry credentials. */
const SECRET_FIELDS: readonly string[] = ['authorization', 'proxy-authorization', 'cookie', 'sec-websocket-protocol'];

/** The option of a chain: the name of a header, or a function. What is kept never throws and gives what events may have. */
export const requestIdOption: option.Check<RequestIdFunction, string | RequestIdFunction> = option.withSchema(
  { type: 'string', minLength: 1 },
  (value, name) => {
    if (typeof value === 'function') return told(value as RequestIdFunction);
    if (typeof value !== 'string' || !isToken(value)) {
      throw option.invalid(name, 'must be the name of a header, or a function');
    }
    if (SECRET_FIELDS.includes(value.toLowerCase())) {
      throw option.invalid(name, `must be no header that carries credentials, as ${SECRET_FIELDS.join(', ')} do`);
    }
    return told((request) => request.header(value));
  },
);

/** A client may have chosen the id, so it must neither forge a line of a log (CWE-117) nor fill it. */
function told(find: RequestIdFunction): RequestIdFunction {
  return (request) => {
    try {
      const id: unknown = find(request);
      if (typeof id === 'string' && id !== '') return id.slice(0, MAX_LENGTH).replace(/[^\x20-\x7e]/g, '?');
      disregard(id);
    } catch {
      // An observer changes no decision. The missing id shows in the event.
    }
    return undefined;
  };
}
