import { readFile } from 'node:fs';
import { createServer, type Server } from 'node:http';
import {
  authenticated,
  createPrincipal,
  denied,
  type SecurityHandler,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import {
  ANONYMOUS,
  type Challenge,
  type CredentialSource,
  challenge,
  type SecurityRequest,
} from '@sallyport/core/extend';
import type { HandlerCases, ManualClock } from '@sallyport/core/testing';

const PARTNERS = new Map([
  ['partner-key-of-alice', 'alice'],
  ['partner-key-of-bob', 'bob'],
]);

const sent = (key: string) => ({ headers: { 'X-Partner': key } });

export const CASES: HandlerCases = {
  accepted: [sent('partner-key-of-alice'), sent('partner-key-of-bob')],
  refused: [sent('partner-key-of-mallory')],
  unavailable: [sent('partner-key-of-outage')],
  stalled: sent('partner-key-of-nobody'),
};

/** Keeps every rule; the others each break one. */
export class GoodHandler implements SecurityHandler<string> {
  readonly name: string = 'partner';
  readonly challenges: readonly Challenge[] = [challenge('Partner', { realm: 'test' })];
  readonly source: CredentialSource = { at: 'header:x-partner' };

  extract(request: SecurityRequest): string | undefined {
    return request.header('x-partner');
  }

  async verify(key: string, request: SecurityRequest): Promise<Verdict> {
    if (key.endsWith('nobody')) return this.stall(request.signal);
    await null;
    return this.judge(key);
  }

  judge(key: string): Verdict {
    if (key.endsWith('outage')) return unavailable('directory_down');
    const subject = PARTNERS.get(key);
    return subject === undefined ? denied('partner_unknown') : authenticated(createPrincipal({ subject }));
  }

  stall(signal: AbortSignal): Promise<Verdict> {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(unavailable('aborted')), { once: true });
    });
  }
}

class Renamed extends GoodHandler {
  override readonly name = `partner-${Math.random()}`;
}

class Restless extends GoodHandler {
  #looks = 0;

  constructor() {
    super();
    Object.defineProperty(this, 'source', {
      get: () => {
        this.#looks += 1;
        return { at: 'header:x-partner', selective: this.#looks <= 1 };
      },
    });
  }
}

class Tires extends GoodHandler {
  #count = 0;

  override extract(request: SecurityRequest): string | undefined {
    this.#count += 1;
    return this.#count <= 12 ? request.header('x-partner') : undefined;
  }
}

class Promising extends GoodHandler {
  override extract(request: SecurityRequest): string {
    return Promise.resolve(request.header('x-partner')) as unknown as string;
  }
}

class ReadsAFile extends GoodHandler {
  override extract(request: SecurityRequest): string | undefined {
    readFile(__filename, () => {});
    return request.header('x-partner');
  }
}

class TrustsItsSyntax extends GoodHandler {
  override extract(request: SecurityRequest): string | undefined {
    const key = request.header('x-partner');
    if (key !== undefined) decodeURIComponent(key);
    return key;
  }
}

class SaysNull extends GoodHandler {
  override extract(request: SecurityRequest): string | undefined {
    return request.header('x-partner')?.match(/^[a-z-]+$/)?.[0] ?? (null as unknown as undefined);
  }
}

class TakesEverything extends GoodHandler {
  override extract(request: SecurityRequest): string {
    return request.header('x-partner') ?? 'nothing was sent';
  }
}

class ForgetsToReturn extends GoodHandler {
  override async verify(key: string, request: SecurityRequest): Promise<Verdict> {
    const verdict = await super.verify(key, request);
    if (verdict.kind !== 'denied') return verdict;
    return undefined as unknown as Verdict;
  }
}

class LooksLikeAVerdict extends GoodHandler {
  override judge(key: string): Verdict {
    return { ...super.judge(key) } as Verdict;
  }
}

class GrantsAll extends GoodHandler {
  override judge(key: string): Verdict {
    const verdict = super.judge(key);
    return verdict.kind === 'denied' ? authenticated(createPrincipal({ subject: 'guest' })) : verdict;
  }
}

class GrantsWhatItCannotRead extends GoodHandler {
  override judge(key: string): Verdict {
    return key.includes('OR 1=1') ? authenticated(createPrincipal({ subject: 'alice' })) : super.judge(key);
  }
}

class ProvesNobody extends GoodHandler {
  override judge(key: string): Verdict {
    const verdict = super.judge(key);
    return verdict.kind === 'authenticated' ? authenticated(ANONYMOUS) : verdict;
  }
}

class Throws extends GoodHandler {
  override judge(key: string): Verdict {
    const verdict = super.judge(key);
    if (verdict.kind === 'denied') throw new Error('no such partner');
    return verdict;
  }
}

/** Takes requests without a body for signed ones. */
class AcceptsAnyBody extends GoodHandler {
  verifyBody(key: string, _body: Uint8Array): Verdict {
    return this.judge(key);
  }
}

class OverwritesBodies extends GoodHandler {
  verifyBody(key: string, body: Uint8Array): Verdict {
    const isEmpty = body.length === 0;
    body.fill(1);
    return isEmpty ? this.judge(key) : denied('body_unsigned');
  }
}

class Remembers extends GoodHandler {
  #key = '';

  override async verify(key: string, request: SecurityRequest): Promise<Verdict> {
    if (!PARTNERS.has(key)) return super.verify(key, request);
    this.#key = key;
    await null;
    return this.judge(this.#key);
  }
}

class NeverEnds extends GoodHandler {
  override stall(): Promise<Verdict> {
    return new Promise(() => {});
  }
}

class BlamesTheCaller extends GoodHandler {
  override judge(key: string): Verdict {
    const verdict = super.judge(key);
    return verdict.kind === 'unavailable' ? denied('partner_unknown') : verdict;
  }
}

class LeavesAPromise extends GoodHandler {
  override judge(key: string): Verdict {
    Promise.reject(new Error('nobody listens'));
    return super.judge(key);
  }
}

class QuotesInAClaim extends GoodHandler {
  override judge(key: string): Verdict {
    const subject = PARTNERS.get(key);
    return subject === undefined
      ? super.judge(key)
      : authenticated(createPrincipal({ subject, claims: { presented: { key } } }));
  }
}

class QuotesInItself extends GoodHandler {
  readonly seen = new Set<string>();

  override judge(key: string): Verdict {
    this.seen.add(key);
    return super.judge(key);
  }
}

class Prints extends GoodHandler {
  override judge(key: string): Verdict {
    console.debug('checking', key);
    return super.judge(key);
  }
}

class PrintsAtTheStart extends GoodHandler {
  async start(): Promise<void> {
    console.debug('the last caller was', 'partner-key-of-alice');
  }
}

const servers = new Set<Server>();

/** Ends what the handler under this name never ends. */
export function closeForgottenServers(): void {
  for (const server of servers) server.close();
  servers.clear();
}

class LeavesAServer extends GoodHandler {
  async start(): Promise<void> {
    const server = createServer();
    servers.add(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
}

class LeavesATimer extends GoodHandler {
  constructor(clock: ManualClock) {
    super();
    clock.schedule(60_000, () => {});
  }
}

class NeverCloses extends GoodHandler {
  close(): Promise<void> {
    return new Promise(() => {});
  }
}

type BadHandler = readonly [rule: string, what: string, make: (clock: ManualClock) => SecurityHandler, told: string];

/** Each breaks one rule and keeps all others. */
export const BAD_HANDLERS: readonly BadHandler[] = [
  [
    'one-identity',
    'has another name in every instance',
    () => new Renamed(),
    'name, challenges and source must be the same at every look: ["partner-0.',
  ],
  [
    'one-identity',
    'claims something else at every look',
    () => new Restless(),
    'name, challenges and source must be the same at every look: ["partner",',
  ],
  [
    'extract-deterministic',
    'takes the first dozen credentials and no more',
    () => new Tires(),
    'refused[0]: extract() found a credential, then nothing in an equal request',
  ],
  ['extract-synchronous', 'promises a credential', () => new Promising(), 'accepted[0]: extract() returned a promise'],
  [
    'extract-starts-nothing',
    'reads a file while it looks for a credential',
    () => new ReadsAFile(),
    'accepted[0]: extract() started FSREQCALLBACK',
  ],
  [
    'extract-never-throws',
    'throws at what it cannot decode',
    () => new TrustsItsSyntax(),
    'junk[7]: extract() failed with URIError: URI malformed, at decodeURIComponent',
  ],
  [
    'extract-never-throws',
    'says null for "not mine"',
    () => new SaysNull(),
    'junk[0]: extract() returned null; "not mine" is undefined',
  ],
  [
    'extract-own-only',
    'takes what was never sent',
    () => new TakesEverything(),
    'a request without credentials was taken',
  ],
  [
    'one-verdict',
    'forgets to return a refusal',
    () => new ForgetsToReturn(),
    'refused[0]: verify() returned undefined, and no verdict of a constructor',
  ],
  [
    'one-verdict',
    'returns what only looks like a verdict',
    () => new LooksLikeAVerdict(),
    'accepted[0]: verify() returned object, and no verdict of a constructor',
  ],
  ['one-verdict', 'lets bad credentials pass', () => new GrantsAll(), 'refused[0]: the verdict was authenticated'],
  ['one-verdict', 'lets junk pass', () => new GrantsWhatItCannotRead(), 'junk[19]: the verdict was authenticated'],
  [
    'one-verdict',
    'proves that it was nobody',
    () => new ProvesNobody(),
    'accepted[0]: the principal is nobody; a handler proves somebody',
  ],
  [
    'verify-never-throws',
    'throws for a refusal',
    () => new Throws(),
    'refused[0]: verify() failed with Error: no such partner, at Throws.judge',
  ],
  [
    'body-bound',
    'does not look at the body',
    () => new AcceptsAnyBody(),
    'accepted[0]: with a body of one byte more, the verdict was authenticated',
  ],
  [
    'body-unchanged',
    'overwrites the body',
    () => new OverwritesBodies(),
    'accepted[0]: verifyBody() changed the bytes of the body',
  ],
  [
    'no-request-state',
    'mixes up requests',
    () => new Remembers(),
    'accepted[0]: among other requests it came to the party of accepted[1], alone to another',
  ],
  [
    'ends-with-request',
    'waits for ever',
    () => new NeverEnds(),
    'stalled: verify() still waits after its request was aborted',
  ],
  [
    'outage-is-unavailable',
    'blames the caller for an outage',
    () => new BlamesTheCaller(),
    'unavailable[0]: the verdict was denied (partner_unknown); nobody knows, so it is unavailable (503)',
  ],
  [
    'no-unhandled-rejection',
    'leaves a rejected promise behind',
    () => new LeavesAPromise(),
    'promises were rejected without anybody looking after them: one failed with Error: nobody listens, at LeavesAPromise.judge',
  ],
  [
    'no-secret-shown',
    'puts the key into a source',
    () => new QuotesInAClaim(),
    'accepted[0]: the decision shows a credential of accepted[0]',
  ],
  [
    'no-secret-shown',
    'keeps keys where an inspection finds them',
    () => new QuotesInItself(),
    'the handler itself shows a credential of accepted[0]',
  ],
  [
    'no-secret-shown',
    'prints the key',
    () => new Prints(),
    'accepted[0]: the output shows a credential of accepted[0]',
  ],
  [
    'no-secret-shown',
    'prints a key before anybody came',
    () => new PrintsAtTheStart(),
    'the output of construction, start() or close() shows a credential of accepted[0]',
  ],
  [
    'closes',
    'leaves a server listening',
    () => new LeavesAServer(),
    'after close() there is still open: TCPServerWrap',
  ],
  [
    'closes',
    'leaves a timer running',
    (clock) => new LeavesATimer(clock),
    'after close() the clock still has 1 tasks of the handler',
  ],
  ['closes', 'hangs in close()', () => new NeverCloses(), 'close() did not come to an end'],
];
