import { type EndpointAnswer, failure, NO_FORM, NOT_POST, TOO_LARGE } from './endpoint-answer.js';
import { type EndpointRequest, headerOf } from './endpoint-request.js';

/** Why a request has no form that can be read: a reason for the operator, and the answer. */
export interface UnreadableForm {
  readonly reason: 'method_not_allowed' | 'body_too_large' | 'body_no_form';
  readonly answer: EndpointAnswer;
}

/** The members of a form, each with all its values. */
export type ReceivedForm = ReadonlyMap<string, readonly string[]>;

const FORM = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** Reads the form of a request. A body that a parser has read already counts as it is. */
export function readForm(request: EndpointRequest, maxBodyBytes: number): ReceivedForm | UnreadableForm {
  const { method, body } = request;
  if (method !== 'POST') return { reason: 'method_not_allowed', answer: NOT_POST };
  if (!FORM.test(headerOf(request, 'content-type') ?? '')) return { reason: 'body_no_form', answer: NO_FORM };
  if (typeof body === 'object' && !(body instanceof Uint8Array)) return parsedForm(body, maxBodyBytes);
  const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? Buffer.alloc(0));
  if (bytes.byteLength > maxBodyBytes) return { reason: 'body_too_large', answer: TOO_LARGE };
  const form = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(Buffer.from(bytes).toString())) {
    form.set(name, [...(form.get(name) ?? []), value]);
  }
  return form;
}

export function isUnreadable(form: ReceivedForm | UnreadableForm): form is UnreadableForm {
  return 'reason' in form;
}

/** Parsers make one text of one value, and a list of several. Whatever else they make is no form. */
function parsedForm(body: object, most: number): ReceivedForm | UnreadableForm {
  const members = Object.entries(body).map(([name, value]) => [name, [value].flat()] as const);
  const isForm = members.every(([, values]) => values.every((value) => typeof value === 'string'));
  if (!isForm) return { reason: 'body_no_form', answer: NO_FORM };
  const length = members.reduce((sum, [name, values]) => sum + name.length + values.join('').length, 0);
  return length > most ? { reason: 'body_too_large', answer: TOO_LARGE } : new Map(members);
}

/** The one value of a member; `missing` also where it is empty (RFC 6749 3.1), `doubled` where there are several. */
export function onlyValue(form: ReceivedForm, name: string): { value: string } | 'missing' | 'doubled' {
  const values = form.get(name) ?? [];
  if (values.length > 1) return 'doubled';
  const [value = ''] = values;
  return value === '' ? 'missing' : { value };
}

/** The answer about a member that is missing, or that stands there more than once (RFC 6749 3.2). */
export function unusableMember(name: string, fault: 'missing' | 'doubled'): EndpointAnswer {
  const problem = fault === 'missing' ? 'is missing' : 'must stand there once';
  return failure(400, 'invalid_request', `The parameter ${name} ${problem}.`);
}
