import { foreignCopy, mark } from '../brand/brand.js';
import { unlessEverybodys } from '../options/own-members.js';
import { printsAs } from '../secrecy/prints-as.js';
import type { Malformed } from '../verdict/verdict.js';
import { Abandonment } from './abandonment.js';
import {
  type Authorization,
  authorizationOn,
  type Connection,
  connectionOf,
  dropFrom,
} from './authorization-header.js';
import { type MissingBody, receive } from './body.js';
import type { ClientCertificate } from './client-certificate.js';
import type { IncomingRequest, LocatedOperation, RouteKey } from './incoming-request.js';
import { linesNamed, valueNamed } from './incoming-request.js';
import { LimitUses } from './limit-uses.js';
import { type PathParameters, pathParametersOf } from './path-template.js';
import { pathOf, queryOf } from './request-target.js';
import type { DecisionTrace } from './trace.js';

export type { IncomingRequest, RouteKey };

/**
 * The request as handlers and guards see it. Read-only, so a handler cannot change what the next one sees. Printing it
 * shows neither headers nor the target, because both may carry credentials.
 */
export class SecurityRequest {
  readonly #source: IncomingRequest;
  #authorization: Authorization | undefined;
  #abandonment: Abandonment | undefined;
  #trace: DecisionTrace | undefined;
  #certificate: ClientCertificate | Malformed | 'none' | undefined;
  /** Those of the operation, once somebody has asked for them; before, its template. */
  #parameters: PathParameters | string | undefined;
  #operation: string | undefined;
  #limitUses: LimitUses | undefined;
  #maxVerdictAgeSeconds: number | undefined;

  constructor(source: IncomingRequest) {
    this.#source = source;
    // All state is private, so `preventExtensions` is as strong as `freeze`, at half its cost.
    Object.preventExtensions(this);
  }

  get method(): string {
    return this.#source.method;
  }

  get target(): string {
    return this.#source.target;
  }

  /** The path of the target, still percent-encoded; also of an absolute-form target (RFC 9112 3.2.2). */
  get path(): string {
    return pathOf(this.#source.target);
  }

  /** The target after the first `?`, not decoded; empty when there is none. */
  get query(): string {
    return queryOf(this.#source.target);
  }

  get remoteAddress(): string | undefined {
    return unlessEverybodys('remoteAddress', this.#source.remoteAddress);
  }

  /** `parsed` where the header lines are not those that were received, but made from headers that somebody has parsed. */
  get headersFrom(): 'parsed' | undefined {
    return unlessEverybodys('headersFrom', this.#source.headersFrom);
  }

  get route(): RouteKey | undefined {
    return unlessEverybodys('route', this.#source.route);
  }

  /**
   * The path parameters of the operation that the chain found, decoded, by their names in its template: for guards. Read
   * once. Empty where no operation was found: while handlers verify, and for requests that match none.
   * A path of which routers could read other values, such as `1-2-3` for `{a}-{b}`, is refused with 400 where a guard asks
   * for them.
   * @throws {MisuseError} if the framework has chosen the operation by another path than that of the request
   * @example
   * const ownAccount = guard('own-account', ({ subject }, { pathParameters }) => pathParameters['userId'] === subject);
   */
  get pathParameters(): PathParameters {
    if (this.#parameters === undefined) return NO_PARAMETERS;
    if (typeof this.#parameters === 'string') this.#parameters = pathParametersOf(this.#parameters, this.path);
    return this.#parameters;
  }

  /**
   * How old a remembered verdict may be, in seconds: what is as old is looked up anew. Handlers that remember verdicts
   * without a `VerdictCache` have to keep to it, too.
   */
  get maxVerdictAgeSeconds(): number | undefined {
    return this.#maxVerdictAgeSeconds;
  }

  /** The Authorization header, parsed on first use and only once. */
  get authorization(): Authorization {
    this.#authorization ??= authorizationOn(connectionOf(this.#source), this.#source.rawHeaders);
    return this.#authorization;
  }

  /** The lines of one header as received, in order. `name` is case-insensitive. */
  headerLines(name: string): string[] {
    return linesNamed(this.#source.rawHeaders, name);
  }

  /**
   * The value of one header. Several lines are joined by comma (RFC 9110 5.3), so a secret that is sent twice never
   * equals the secret.
   */
  header(name: string): string | undefined {
    return valueNamed(this.#source.rawHeaders, name);
  }

  /**
   * The certificate of the client, verified or not; undefined if it has none. A verdict if what a proxy forwarded cannot be
   * read: then that is the answer. Read on first use and only once.
   */
  clientCertificate(): ClientCertificate | Malformed | undefined {
    this.#certificate ??= this.#source.clientCertificate?.() ?? 'none';
    return this.#certificate === 'none' ? undefined : this.#certificate;
  }

  /** Aborted when the deadline of the decision has passed or the client has disconnected. Pass it to everything slow. */
  get signal(): AbortSignal {
    return this.#watched().signal;
  }

  /**
   * The trace of the decision under way; undefined when nobody asked for one. Handlers note the state of their cache in
   * it.
   */
  get trace(): DecisionTrace | undefined {
    return this.#trace;
  }

  static {
    mark(this, 'request');
    printsAs(this, ({ method, route }) => `SecurityRequest { ${method} ${route?.template ?? '[target]'} }`);
  }

  /** For chain and cache only: `signal` without an AbortController. Watches the client from the first call on. */
  static abandonmentOf(request: SecurityRequest): Abandonment {
    return request.#watched();
  }

  /** For the chain only: whether the deadline has passed or the client has disconnected. */
  static isAbandoned(request: SecurityRequest): boolean {
    return request.#abandonment?.isComplete ?? false;
  }

  /** For the chain only: asks the adapter for the body, at most once. Rejects if that is a bug. */
  static bodyOf(request: SecurityRequest, limitBytes: number): Promise<Uint8Array | MissingBody> {
    return receive(request, request.#source, limitBytes);
  }

  /** For what is kept on connections only. */
  static connectionOf(request: SecurityRequest): Connection | undefined {
    return connectionOf(request.#source);
  }

  /** For the chain only: nothing of a refused request stays on its connection. One of another copy of core kept nothing. */
  static leaveConnection(request: SecurityRequest): void {
    if (#source in request) dropFrom(connectionOf(request.#source));
  }

  /** For the chain only: all header lines, names and values alternating. */
  static linesOf(request: SecurityRequest): readonly string[] {
    return request.#source.rawHeaders;
  }

  /** For the chain only: the operation that was found, whose path parameters guards read. */
  static locate(request: SecurityRequest, operation: LocatedOperation | undefined): void {
    request.#parameters = operation?.template;
    request.#operation = operation?.id;
  }

  /** For the chain only: tells limits the operation that was found, before anybody is authenticated. */
  static belongsTo(request: SecurityRequest, operation: LocatedOperation | undefined): void {
    request.#operation = operation?.id;
  }

  /** For limits only: the id of the operation that was found; undefined for requests that match none. */
  static operationOf(request: SecurityRequest): string | undefined {
    return request.#operation;
  }

  /** For limits only: calls `listener` when the answer has ended; false if the adapter cannot tell. */
  static onEnd(request: SecurityRequest, listener: () => void): boolean {
    request.#source.onEnd?.(listener);
    return request.#source.onEnd !== undefined;
  }

  /** The same object in whichever decision about the request; undefined if the adapter tells none. */
  static identityOf(request: SecurityRequest): object | undefined {
    return unlessEverybodys('identity', request.#source.identity);
  }

  /** For limits only: what was counted for the request, in whichever decision about it. */
  static countLimits(request: SecurityRequest): LimitUses {
    request.#limitUses ??= LimitUses.of(this.identityOf(request) ?? request.#source);
    return request.#limitUses;
  }

  /** For the chain only: the same; undefined if nothing was counted in the decision about this very object. */
  static countedLimits(request: SecurityRequest): LimitUses | undefined {
    return #limitUses in request ? request.#limitUses : undefined;
  }

  /** For the chain only: the same request, for the guards of one of several operations. */
  static locatedAt(request: SecurityRequest, operation: LocatedOperation): SecurityRequest {
    const located = new this(request.#source);
    located.#authorization = request.#authorization;
    located.#abandonment = request.#watched();
    located.#trace = request.#trace;
    located.#certificate = request.#certificate;
    located.#limitUses = this.countLimits(request);
    this.locate(located, operation);
    located.#maxVerdictAgeSeconds = request.#maxVerdictAgeSeconds;
    return located;
  }

  /** For the chain only: the operation takes no remembered verdict of this age. A demand is never taken back. */
  static limitVerdictAge(request: SecurityRequest, seconds = request.#maxVerdictAgeSeconds): void {
    request.#maxVerdictAgeSeconds = seconds && Math.min(seconds, request.#maxVerdictAgeSeconds ?? seconds);
  }

  /** For the chain only: attaches the trace of a decision, or detaches it. */
  static attachTrace(request: SecurityRequest, trace: DecisionTrace | undefined): void {
    if (!(#trace in request))
      throw foreignCopy(request, 'request') ?? new TypeError('only a SecurityRequest is decided');
    request.#trace = trace;
  }

  #watched(): Abandonment {
    if (this.#abandonment === undefined) {
      const abandonment = new Abandonment();
      this.#abandonment = abandonment;
      this.#source.onClose?.(() => abandonment.complete('AbortError', 'The client has gone away'));
    }
    return this.#abandonment;
  }
}

const NO_PARAMETERS: PathParameters = Object.freeze(Object.create(null));
