import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LastingProof, type ProofWatcher, TimerWheel } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';
import { LeaseSetting, settled } from './lease-fixture.js';

let setting: LeaseSetting;
let warnings: string[];
const { emitWarning } = process;

beforeEach(() => {
  setting = new LeaseSetting();
  warnings = [];
  process.emitWarning = (warning: string | Error) => {
    warnings.push(String(warning));
  };
});
afterEach(() => {
  process.emitWarning = emitWarning;
  setting.close();
});

/** The lease of `broken`, whose proof has this bug once it was watched; the proofs of others are sound. */
async function leaseWith(bug: Partial<LastingProof>) {
  const { tokens } = setting;
  const follow = tokens.follow.bind(tokens);
  tokens.follow = (token, principal) => {
    const proof = follow(token, principal);
    if (token !== 'broken') return proof;
    const sound: LastingProof = {
      recheck: () => proof.recheck(),
      watch: (watcher: ProofWatcher) => proof.watch(watcher),
      unwatch: () => proof.unwatch(),
    };
    return { ...sound, ...bug };
  };
  return setting.lease('broken', { recheckSeconds: 10 });
}

const fail = (): never => {
  throw new TypeError('Bearer s3cret');
};

/** Sound once, so that the lease begins. */
function failsLater(): () => undefined {
  let asked = 0;
  return () => {
    asked += 1;
    return asked > 1 ? fail() : undefined;
  };
}

describe('a proof that throws', () => {
  test('when it is asked again ends its lease, and those of others expire and are asked as before', async () => {
    setting.tokens.users.set('alice', { expiresAt: setting.now + 30 });
    const other = await setting.lease('alice', { recheckSeconds: 10 });
    const lease = await leaseWith({ recheck: failsLater() });
    setting.clock.pass(11);
    expect([lease.ended, other.ended]).toEqual(['denied', undefined]);
    expect(setting.events).toMatchObject([{ end: 'denied', reason: 'proof_threw' }]);
    setting.clock.pass(20);
    expect(other.ended).toBe('expired');
  });

  test('is told to the operator as a bug, by its class and place, without what it says', async () => {
    await leaseWith({ recheck: fail });
    expect(warnings).toEqual([expect.stringMatching(/^chain leases: a proof failed with TypeError.*its lease ends/)]);
    expect(warnings.join()).not.toContain('s3cret');
  });

  test('when a revocation asks it leaves the revocation to all others', async () => {
    setting.tokens.users.set('alice', { subject: 'both', issuedAt: setting.now - 10 });
    setting.tokens.users.set('broken', { subject: 'both', issuedAt: setting.now - 10 });
    const lease = await leaseWith({ recheck: failsLater() });
    const other = await setting.lease('alice');
    await expect(setting.revocations.revokeSubject('both')).resolves.toBe(true);
    expect([lease.ended, other.ended]).toEqual(['denied', 'revoked']);
  });

  test('whose own watcher throws leaves the revocation to all others', async () => {
    setting.tokens.users.set('alice', { subject: 'both', issuedAt: setting.now - 10 });
    setting.tokens.users.set('broken', { subject: 'both', issuedAt: setting.now - 10 });
    const { tokens } = setting;
    const follow = tokens.follow.bind(tokens);
    tokens.follow = (token, principal) => {
      const proof = follow(token, principal);
      return token === 'broken'
        ? Object.assign(proof, { watch: proof.watch.bind(proof, { reconsider: fail }) })
        : proof;
    };
    await setting.lease('broken');
    const other = await setting.lease('alice');
    await expect(setting.revocations.revokeSubject('both')).resolves.toBe(true);
    expect(other.ended).toBe('revoked');
  });

  test('when it is let go is no reason not to tell that its lease has ended', async () => {
    const lease = await leaseWith({ unwatch: fail });
    const told: string[] = [];
    lease.onEnd((end) => told.push(end));
    await setting.revocations.revokeSubject('broken');
    expect([told, lease.signal.aborted]).toEqual([['revoked'], true]);
    expect(setting.chain.leases).toMatchObject({ active: 0, revoked: 1, denied: 0 });
    expect(warnings).toHaveLength(1);
  });

  test('when it is watched ends its lease', async () => {
    expect((await leaseWith({ watch: fail })).ended).toBe('denied');
    await settled();
    expect(setting.clock.waiting).toBe(0);
  });
});

test('a wheel whose item throws turns on', () => {
  const clock = new ManualClock();
  const wheel = TimerWheel.of(clock);
  let count = 0;
  wheel.after(1_000, { due: fail });
  wheel.after(3_000, { due: () => (count += 1) });
  expect(() => clock.pass(2)).toThrow(TypeError);
  clock.pass(2);
  expect(count).toBe(1);
});
