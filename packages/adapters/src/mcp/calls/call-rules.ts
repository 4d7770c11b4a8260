import {
  every,
  forbidden,
  type Guard,
  type GuardLike,
  type GuardVerdict,
  guard,
  type Principal,
} from '@sallyport/core';
import type { Eventually, SecurityRequest } from '@sallyport/core/extend';
import { type Call, TOOL_CALL } from './call.js';

/** What may be asked of the calls of a server. */
export interface CallRulesInit {
  /** Of every request, whatever it calls. It has to permit. */
  readonly always: Guard;
  /** By the name of the tool. */
  readonly tools: ReadonlyMap<string, readonly GuardLike[]>;
  /** Of tools that are not in the table. */
  readonly otherTools: readonly GuardLike[] | undefined;
  /** By the name of the method. */
  readonly methods: ReadonlyMap<string, readonly GuardLike[]>;
}

/** Finds what calls need. Everything is compiled once, but for batches of calls that need different things. */
export class CallRules {
  readonly always: Guard;
  /** Whether calls have to be told from each other. */
  readonly tellsCalls: boolean;
  /** Whether tools have to be told from each other. */
  readonly tellsTools: boolean;
  readonly #tools: ReadonlyMap<string, Guard>;
  readonly #otherTools: Guard | undefined;
  readonly #methods: ReadonlyMap<string, Guard>;
  /** By the rules of a call, which are some of those above. */
  readonly #joined = new Map<Guard | undefined, Map<Guard | undefined, Guard>>();

  constructor({ always, tools, otherTools, methods }: CallRulesInit) {
    const ruleOf = (named: string, guards: readonly GuardLike[]) => strict(named, every(...guards));
    this.always = always;
    this.#tools = mapped(tools, (name, guards) => ruleOf(`${TOOL_CALL} ${name}`, guards));
    this.#otherTools = otherTools && ruleOf(`${TOOL_CALL} of others`, otherTools);
    this.#methods = mapped(methods, ruleOf);
    this.tellsTools = tools.size > 0 || otherTools !== undefined;
    this.tellsCalls = this.tellsTools || methods.size > 0;
  }

  /** All of them, for the metadata of the resource. */
  get guards(): readonly Guard[] {
    return [...this.#tools.values(), ...(this.#otherTools ? [this.#otherTools] : []), ...this.#methods.values()];
  }

  /** What calls need, all of them together. The same calls give the same guard, unless they need different things. */
  of(calls: readonly Call[]): Guard {
    const [first, ...others] = calls;
    if (first === undefined) return this.always;
    if (others.length === 0) return this.#ofOne(first);
    const rules = new Set(calls.flatMap((call) => this.#rulesOf(call).filter((rule) => rule !== undefined)));
    return rules.size === 0 ? this.always : every(this.always, ...rules);
  }

  /** What a tool needs besides what every request and every call of a tool needs; undefined if nothing. */
  ofTool(name: string): Guard | undefined {
    return this.#tools.get(name) ?? this.#otherTools;
  }

  /** Which tools the caller may not call, as far as rules can tell without a call. Whatever cannot be told is hidden. */
  async hiddenFrom(principal: Principal, request: SecurityRequest): Promise<(tool: string) => boolean> {
    const mayCall = (rule: Guard | undefined) => rule === undefined || permits(rule, principal, request);
    const tools = [...this.#tools].map(async ([name, rule]) => [name, await mayCall(rule)] as const);
    const byName = new Map(await Promise.all(tools));
    const others = await mayCall(this.#otherTools);
    const all = await mayCall(this.#methods.get(TOOL_CALL));
    return (tool) => !(all && (byName.get(tool) ?? others));
  }

  #ofOne(call: Call): Guard {
    const [byMethod, byTool] = this.#rulesOf(call);
    const known = this.#joined.get(byMethod)?.get(byTool);
    if (known !== undefined) return known;
    const rules = [byMethod, byTool].filter((rule) => rule !== undefined);
    const all = rules.length === 0 ? this.always : every(this.always, ...rules);
    const ofMethod = this.#joined.get(byMethod) ?? new Map<Guard | undefined, Guard>();
    this.#joined.set(byMethod, ofMethod.set(byTool, all));
    return all;
  }

  #rulesOf({ method, name }: Call): readonly [byMethod: Guard | undefined, byTool: Guard | undefined] {
    const byTool = method === TOOL_CALL && name !== undefined ? this.ofTool(name) : undefined;
    return [this.#methods.get(method), byTool];
  }
}

/** A rule has to permit: if all of its guards abstain, the call is refused, whatever others say. */
function strict(named: string, rule: Guard): Guard {
  const conclude = (verdict: GuardVerdict) => (verdict.kind === 'abstained' ? ALL_ABSTAINED : verdict);
  return guard(
    `${named}: ${rule.name}`,
    (principal, request): Eventually<GuardVerdict> => {
      const verdict = rule.check(principal, request);
      return verdict instanceof Promise ? verdict.then(conclude) : conclude(verdict);
    },
    { needs: rule.needs },
  );
}

async function permits(rule: Guard, principal: Principal, request: SecurityRequest): Promise<boolean> {
  try {
    return (await rule.check(principal, request)).kind === 'permitted';
  } catch {
    return false;
  }
}

const ALL_ABSTAINED = forbidden('all_guards_abstained');

function mapped<Value, Mapped>(
  map: ReadonlyMap<string, Value>,
  change: (name: string, value: Value) => Mapped,
): ReadonlyMap<string, Mapped> {
  return new Map([...map].map(([name, value]) => [name, change(name, value)]));
}
