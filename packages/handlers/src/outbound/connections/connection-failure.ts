import { describeError } from '@sallyport/core/extend';

/** A proxy that cannot be reached, or opens no tunnel. */
export class ProxyFailure extends Error {
  /** A code that undici does not know. With a known code undici would try again as long as a request waits. */
  readonly code = 'ERR_PROXY';
  readonly reason: number | string;

  /** @param reason the status that the proxy answered with, or the code of the error of the connection */
  constructor(host: string, reason: number | string) {
    const isStatus = typeof reason === 'number';
    super(
      isStatus
        ? `the proxy ${host} answered with status ${reason}`
        : `the proxy ${host} cannot be reached${inBrackets(reason)}`,
    );
    this.reason = reason;
  }
}

const PASSING: readonly unknown[] = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/** Whether a second attempt may succeed: a connection that was kept alive may have ended unnoticed. */
export function mayPass(error: { readonly code?: unknown }): boolean {
  return PASSING.includes(error instanceof ProxyFailure ? error.reason : error.code);
}

/** A call by `fetch` that failed. Its messages may quote the address, so they are not kept. */
class FetchFailure extends Error {
  readonly code: string | undefined;

  constructor(code: string | undefined) {
    super('a call by fetch failed');
    this.code = code;
  }
}

/** Each runtime tells in its own way what has failed: Bun as Node does, undici by the cause, Workers in words. */
export function fetchFailure(error: unknown): Error & { readonly code?: unknown } {
  const { code, cause, message } = error as { code?: unknown; cause?: { code?: unknown }; message?: unknown };
  const told = [code, cause?.code].find((each) => typeof each === 'string' && CODE.test(each)) as string | undefined;
  return new FetchFailure(told ?? (message === 'Network connection lost.' ? 'ECONNRESET' : undefined));
}

const UNCONNECTED = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$|CERT/;

/** Whether no connection was made, as far as a call by `fetch` can tell that. */
export function neverConnected({ code }: { readonly code?: unknown }): boolean {
  return typeof code === 'string' && UNCONNECTED.test(code);
}

/** Says why there is no connection. Foreign messages are left out, because they may quote what was sent. */
export function connectionProblem(error: { readonly code?: unknown }): string {
  return error instanceof ProxyFailure ? error.message : `the connection failed${inBrackets(error.code)}`;
}

/** Why a call was never sent. Of the cause only class and code are told: its message may quote headers. */
export function sendingProblem(error: unknown): string {
  const { name, code } = describeError(error);
  return `the call could not be sent (${code === undefined ? name : `${name} ${code}`})`;
}

const CODE = /^[A-Z][A-Z0-9_]{1,60}$/;

function inBrackets(code: unknown): string {
  return typeof code === 'string' && CODE.test(code) ? ` (${code})` : '';
}
