import { type HandlerName, isExplicit, type Ruling, type Tree, type World } from './world.js';

/** What the rules say about a request: the parties that were proved, or why it is refused. */
export type Judgement =
  | { readonly granted: readonly HandlerName[]; readonly attempted: string | undefined }
  | { readonly refused: string };

/** A judgement, and whom the chain asks on the way to it, in order. */
export interface Sentence {
  readonly judgement: Judgement;
  readonly asked: readonly HandlerName[];
}

type Found = { readonly parties: readonly HandlerName[]; readonly ignored: readonly string[] } | Refused;
type Refused = { readonly reason: string; readonly kind: Ruling['kind'] | 'missing' | 'party' | 'unrecognised' };

const MISSING: Refused = { reason: 'credentials_missing', kind: 'missing' };
const NOBODY: Found = { parties: [], ignored: [] };

/** The rules of decision 1, 2, 5, 6 and 7, one after the other, as a person would apply them with a pencil. */
export function judge(root: Tree, world: World): Sentence {
  const wanted = new Set(leavesOf(root));
  const asked: HandlerName[] = [];
  const known = new Map<HandlerName, Found>();

  /** Rule 1: one owner per credential; the one who takes the rest gets it only when nobody pickier did. */
  function isSent(name: HandlerName): boolean {
    if (!wanted.has(name)) return false;
    if (name === 'jwt') return world.authorization === 'Bearer jwt';
    if (name === 'opaque') {
      return world.authorization === 'Bearer other' || (world.authorization === 'Bearer jwt' && !wanted.has('jwt'));
    }
    if (name === 'basic') return world.authorization === 'Basic it';
    return world.sent.includes(name) && !isStrange(name);
  }

  const isStrange = (name: HandlerName) => (world.strange as readonly HandlerName[]).includes(name);
  const isAddressed = (tree: Tree) => leavesOf(tree).some((name) => isExplicit(name) && isSent(name));
  const isBrushed = (tree: Tree) => leavesOf(tree).some(isSent);

  /** Every credential that is needed is there. */
  function isComplete(tree: Tree): boolean {
    switch (tree.is) {
      case 'handler':
        return isSent(tree.name);
      case 'allOf':
        return tree.of.every(isComplete);
      case 'anyOf':
        return candidatesOf(tree.of).length > 0;
      case 'optional':
        return isComplete(tree.of) || !isAddressed(tree.of);
      default:
        return true;
    }
  }

  /** Rule 6: explicit before ambient; who needs nothing comes in only when nothing better and nothing explicit was sent. */
  function candidatesOf(alternatives: readonly Tree[]): readonly Tree[] {
    const complete = alternatives.filter(isComplete);
    const explicit = complete.filter(isAddressed);
    const ambient = complete.filter((tree) => isBrushed(tree) && !isAddressed(tree));
    if (explicit.length + ambient.length > 0) return [...explicit, ...ambient];
    return alternatives.some(isAddressed) ? [] : complete;
  }

  function ask(name: HandlerName): Found {
    const before = known.get(name);
    if (before !== undefined) return before;
    const ruling = world.rulings[name];
    if (ruling.kind !== 'unreadable') asked.push(name);
    const answer: Found = ruling.kind === 'authenticated' ? { parties: [name], ignored: [] } : ruling;
    known.set(name, answer);
    return answer;
  }

  function decide(tree: Tree): Found {
    switch (tree.is) {
      case 'handler':
        return ask(tree.name);
      case 'anonymous':
        return NOBODY;
      case 'optional':
        return isComplete(tree.of) ? decide(tree.of) : NOBODY;
      case 'attempt':
        return attempt(tree.of);
      case 'allOf':
        return all(tree.of, tree.sameParty);
      case 'anyOf':
        return any(candidatesOf(tree.of));
    }
  }

  /** Rule 5: in order, the first that is not authenticated is the verdict. All parties have to be one, those inside a member too. */
  function all(members: readonly Tree[], sameParty: boolean): Found {
    const parties: HandlerName[] = [];
    const people = new Set<string>();
    const ignored: string[] = [];
    for (const member of members) {
      const found = decide(member);
      if ('reason' in found) return found;
      parties.push(...found.parties);
      for (const name of found.parties) people.add(world.subjects[name]);
      ignored.push(...found.ignored);
    }
    if (sameParty && people.size > 1) return { reason: 'party_mismatch', kind: 'party' };
    return { parties: [...new Set(parties)], ignored };
  }

  /** Rule 6: an outage or another round lets the next one try; an outage outweighs another round. */
  function any(candidates: readonly Tree[]): Found {
    const put: Refused[] = [];
    for (const candidate of candidates) {
      const found = decide(candidate);
      if (!('reason' in found) || !['unavailable', 'challenged'].includes(found.kind)) return found;
      put.push(found);
    }
    return put.find(({ kind }) => kind === 'unavailable') ?? put[0] ?? MISSING;
  }

  /** Rule 7: what a credential turned out to be may be ignored; that nobody could look at it may not. */
  function attempt(member: Tree): Found {
    if (!isComplete(member)) return isAddressed(member) ? ignoring(MISSING) : NOBODY;
    const found = decide(member);
    if (!('reason' in found)) return found;
    return ['denied', 'forbidden', 'challenged', 'party'].includes(found.kind) ? ignoring(found) : found;
  }

  /** Rule 2: an explicit credential that nobody owns is refused, unless nobody reads credentials at its place. */
  function isUnrecognised(): boolean {
    if ([...wanted].some((name) => isExplicit(name) && isStrange(name))) return true;
    if (world.authorization === undefined || wanted.size === 0) return false;
    return !(['jwt', 'opaque', 'basic'] as const).some(isSent);
  }

  function conclude(): Found {
    const unrecognised: Refused = { reason: 'credentials_unrecognised', kind: 'unrecognised' };
    if (isUnrecognised()) return root.is === 'attempt' ? ignoring(unrecognised) : unrecognised;
    return isComplete(root) ? decide(root) : MISSING;
  }

  const found = conclude();
  if ('reason' in found) return { judgement: { refused: found.reason }, asked };
  return { judgement: { granted: found.parties, attempted: found.ignored[0] }, asked };
}

function ignoring({ reason }: Refused): Found {
  return { parties: [], ignored: [reason] };
}

export function leavesOf(tree: Tree): readonly HandlerName[] {
  if (tree.is === 'handler') return [tree.name];
  if (tree.is === 'anonymous') return [];
  if (tree.is === 'anyOf' || tree.is === 'allOf') return tree.of.flatMap(leavesOf);
  return leavesOf(tree.of);
}
