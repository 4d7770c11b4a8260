import { ConfigurationError } from '../errors/errors.js';
import type { GuardLike } from '../guard/guard.js';
import * as option from '../options/options.js';
import { templateSegments } from '../request/path-template.js';
import type { TemplateSegment } from '../request/template-segment.js';
import { checkRequirement, type Requirement } from '../requirement/requirement.js';
import { Crossings } from './crossings.js';
import type { Operation, OperationTable } from './operation.js';
import { OperationTree, type Placed, speltAt } from './operation-tree.js';
import { SentPath } from './sent-path.js';

/** As long as the longest lifetime of a remembered verdict: that says nothing. */
export const verdictAge: option.Check<number> = option.between(0, 86_400);

export const ROUTE = option.table('RouteDefinition', {
  /** Default: method and template. */
  id: option.optional(option.text),
  /** Default: the chain's requirement. */
  requirement: option.unchecked<Requirement | undefined>(),
  guards: option.unchecked<readonly GuardLike[] | undefined>(),
  /**
   * How old a remembered verdict may be that lets a request pass, in seconds: what is as old is looked up anew, and then
   * remembered for others. 0: every request is looked up. Default: as the chain says.
   */
  maxVerdictAgeSeconds: option.optional(verdictAge),
});

/** The parts of an operation besides method and template. */
export interface RouteDefinition<Scopes extends string = string> extends option.Given<typeof ROUTE> {
  readonly guards?: readonly GuardLike<Scopes>[] | undefined;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'];

/**
 * One operation: `route('GET', '/pets/{petId}', { guards: [requireScopes('pets:read')] })`. A parameter in braces is a
 * path segment or a part of one, such as `/pets/{petId}.json`. A GET route also covers HEAD (RFC 9110 9.3.2).
 * @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID, ERR_SALLYPORT_REQUIREMENT_INVALID,
 *   ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const read = route('GET', '/pets/{petId}', { guards: [requireScopes('pets:read')] });
 */
export function route<Scopes extends string = never>(
  method: string,
  template: string,
  definition: RouteDefinition<Scopes> = {},
): Operation<Scopes> {
  checkMethod(method);
  templateSegments(template);
  const { id, ...others } = ROUTE(definition);
  const { requirement } = others;
  if (requirement !== undefined) checkRequirement(requirement, `route ${method} ${template}`);
  const operation: Operation = { id: id ?? `${method} ${template}`, method, template, ...others };
  return Object.freeze(operation) as Operation<Scopes>;
}

function checkMethod(method: string): void {
  if (!METHODS.includes(method)) throw invalidRoute(`${method} is not a method of upper-case letters that is known`);
}

/**
 * Makes a lookup table of operations.
 * @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID for two operations that cover the same requests, and for
 *   two operations of different security whose paths differ only in case or a trailing slash
 * @example
 * const operations = routes([route('GET', '/pets', { requirement: anonymous() }), route('POST', '/pets')]);
 * const chain = new SecurityChain({ operations, requirement: jwt });
 */
export function routes<Scopes extends string = string>(
  operations: readonly Operation<NoInfer<Scopes>>[],
): RouteTable<Scopes> {
  return new RouteTable(operations);
}

/**
 * Finds the operation of a path. Case and a trailing slash matter. Literal text goes before a parameter. A parameter is
 * never empty.
 */
export class RouteTable<Scopes extends string = string> implements OperationTable<Scopes> {
  readonly operations: readonly Operation<Scopes>[];
  readonly #tree = new OperationTree();
  readonly #crossings: Crossings;
  /** Whether some template is not its own folded text. A plain path can then be another spelling of it. */
  readonly #isSpeltOddly: boolean;
  /** What was asked for last: the chain asks several questions about each path. */
  #last: Look | undefined;

  constructor(operations: readonly Operation<Scopes>[]) {
    this.operations = Object.freeze([...operations]);
    const placed = operations.map((operation) => {
      checkMethod(operation.method);
      return this.#tree.add(operation);
    });
    for (const one of placed) checkAlike(one);
    this.#crossings = new Crossings(placed, this.#tree);
    this.#isSpeltOddly = placed.some(({ segments }) => segments.some(isOdd));
  }

  /** HEAD falls back to GET (RFC 9110 9.3.2). A path that cannot be decoded belongs to no operation. */
  find(method: string, path: string): Operation | undefined {
    const { found } = this.#look(method, path);
    return found === undefined && method === 'HEAD' ? this.#look('GET', path).found?.operation : found?.operation;
  }

  /**
   * Whether another router could choose another operation than `find`: one that ignores case or a trailing slash, that
   * decodes reserved characters, or that compares without decoding. Express does most of it by default. HEAD is checked as
   * GET, too.
   */
  isAmbiguous(method: string, path: string): boolean {
    return this.#look(method, path).isAmbiguous || (method === 'HEAD' && this.#look('GET', path).isAmbiguous);
  }

  /** The operations that another router could run instead of `operation`. */
  rivals(operation: Operation, path: string): readonly Operation[] {
    const sent = this.#crossings.isEmpty ? undefined : this.#look(operation.method, path).sent;
    return sent === undefined ? NONE : this.#crossings.of(operation, sent);
  }

  #look(method: string, path: string): Look {
    const last = this.#last;
    if (last?.method === method && last.path === path) return last;
    const sent = last?.path === path ? last.sent : SentPath.of(path);
    const any = sent && this.#tree.firstUnderAny(method, sent);
    const look: Look =
      sent === undefined || any === undefined || this.#isPlain(sent)
        ? { method, path, sent, found: any, isAmbiguous: false }
        : this.#closeLook(method, path, sent, any);
    this.#last = look;
    return look;
  }

  /** Nothing is ambiguous where the first operation under any reading has the spelling that was sent. */
  #closeLook(method: string, path: string, sent: SentPath, any: Placed): Look {
    const spelt = speltAt(any.place, method, sent);
    const found = spelt ?? this.#tree.first(method, sent);
    return { method, path, sent, found, isAmbiguous: spelt === undefined || !isSpeltOut(spelt, sent) };
  }

  #isPlain(sent: SentPath): boolean {
    return !this.#isSpeltOddly && !sent.isSpeltOddly;
  }
}

/** Where a path leads. */
interface Look {
  readonly method: string;
  readonly path: string;
  /** Undefined for what is no path that can be read. */
  readonly sent: SentPath | undefined;
  readonly found: Placed | undefined;
  readonly isAmbiguous: boolean;
}

const NONE: readonly Operation[] = Object.freeze([]);

/** Whether the path has every literal as the template does, or in its usual percent-encoding. */
function isSpeltOut({ segments }: Placed, { sent }: SentPath): boolean {
  return segments.every((segment, index) => segment.matchesAsSent(sent[index] as string));
}

/** The empty segment of `/` is no slash at the end. */
function isOdd(segment: TemplateSegment, index: number): boolean {
  return segment.isSpeltOddly || (segment.isEmpty && index > 0);
}

/**
 * Refuses two operations for the same requests, and two of different security whose paths differ only in what many routers
 * ignore: case, encoding, a slash at the end. Operations for GET also serve HEAD.
 */
function checkAlike(placed: Placed): void {
  const { operation, place } = placed;
  const twin = place.find((each) => each.operation.method === operation.method && isTwin(each, placed));
  if (twin !== undefined) throw invalidRoute(`${operation.id} and ${twin.operation.id} cover the same requests`);
  const methods = operation.method === 'HEAD' ? ['HEAD', 'GET'] : [operation.method];
  const alike = place.filter((each) => methods.includes(each.operation.method) && !isSamePath(each, placed));
  const other = alike.find((each) => !needTheSame(each, placed));
  if (other === undefined) return;
  throw invalidRoute(
    `${operation.id} and ${other.operation.id} need different things, but many routers take their paths for the same; ` +
      'let both share one requirement, the same guards and the names of parameters, or give one of them another path',
  );
}

function isTwin(one: Placed, other: Placed): boolean {
  return one !== other && isSamePath(one, other);
}

function isSamePath({ segments }: Placed, { segments: others }: Placed): boolean {
  return (
    segments.length === others.length &&
    segments.every((segment, index) => segment.isWrittenAs(others[index] as TemplateSegment))
  );
}

/**
 * Compares by identity: the behaviour of two handlers or guards cannot be compared. Guards read parameters by their names.
 */
function needTheSame(one: Placed, other: Placed): boolean {
  const [guards = [], others = []] = [one.operation.guards, other.operation.guards];
  const hasSameGuards = guards.length === others.length && guards.every((guard, index) => guard === others[index]);
  const isAlike = (['requirement', 'maxVerdictAgeSeconds'] as const).every(
    (member) => one.operation[member] === other.operation[member],
  );
  return isAlike && hasSameGuards && namesOf(one) === namesOf(other);
}

/** Names hold no slash. */
function namesOf({ segments }: Placed): string {
  return segments.flatMap(({ names }) => names).join('/');
}

function invalidRoute(message: string): ConfigurationError {
  return new ConfigurationError('ERR_SALLYPORT_CONTRACT_INVALID', message);
}
