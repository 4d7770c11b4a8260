import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { type Eventually, runtime } from '@sallyport/core/extend';
import type { VerificationKey } from './verification-key.js';
import { isSignedByWebCrypto } from './web-crypto.js';

/** Counts what is done in one turn of the event loop: a crowd would keep everybody else waiting. */
class FewPerTurn {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether one more may be done in this turn. */
  takes(): boolean {
    if (this.#taken === this.#most) return false;
    if (this.#taken === 0) setImmediate(this.#renew);
    this.#taken += 1;
    return true;
  }

  /** For what `takes` has refused: waits for a later turn. Those that came first go first. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  readonly #renew = (): void => {
    const next = this.#waiting.splice(0, this.#most);
    this.#taken = next.length;
    if (next.length > 0) setImmediate(this.#renew);
    for (const goOn of next) goOn();
  };
}

/** Each blocks the event loop for 20 to 70 microseconds, with an algorithm that is in common use. */
const MOST_AT_ONCE = 4;

/** After each, a request is answered: some 50 microseconds, with the work of the server. */
const MOST_GOING_ON = 8;

/** All handlers of the process share one event loop. */
const atOnce = new FewPerTurn(MOST_AT_ONCE);
const goingOn = new FewPerTurn(MOST_GOING_ON);

/** A signed text and its signature. */
export interface SignedText {
  readonly signingInput: string;
  /** Still encoded. */
  readonly signature: string;
}

/**
 * True when the key signed the text with this algorithm (RFC 7515 5.2). No other algorithm is tried. The first few signatures
 * in a turn of the event loop are checked at once, which takes less than a way through the thread pool (bench: jwt). A crowd
 * of them goes there, several at once, and a few go on in each turn.
 */
export function isSignedWith(
  signed: SignedText,
  { key, isQuick }: VerificationKey,
  algorithm: string,
): Eventually<boolean> {
  const data = Buffer.from(signed.signingInput, 'latin1');
  const signature = Buffer.from(signed.signature, 'base64url');
  const hash = algorithm === 'EdDSA' || algorithm === 'Ed25519' ? null : `sha${algorithm.slice(2)}`;
  if (key.type === 'secret' && hash !== null) return isHmac({ data, signature }, key, hash);
  if (runtime === 'workers') return isSignedByWebCrypto({ data, signature }, key, algorithm);
  const verifier = { key, ...parametersOf(algorithm) };
  if (isQuick && atOnce.takes()) return verify(hash, data, verifier, signature);
  return inTurn(
    new Promise((resolve, reject) => {
      verify(hash, data, verifier, signature, (error, isRight) => (error === null ? resolve(isRight) : reject(error)));
    }),
  );
}

/**
 * What the thread pool has found, when its turn comes. All that the threads have done while the event loop was busy is there
 * in its next turn: 200 requests that went on together took 30 milliseconds.
 */
async function inTurn(checking: Promise<boolean>): Promise<boolean> {
  const isRight = await checking;
  if (!goingOn.takes()) await goingOn.wait();
  return isRight;
}

function isHmac({ data, signature }: { data: Buffer; signature: Buffer }, key: KeyObject, hash: string): boolean {
  const expected = createHmac(hash, key).update(data).digest();
  return expected.length === signature.length && timingSafeEqual(expected, signature);
}

/**
 * An ECDSA signature is two numbers side by side (RFC 7518 3.4). The salt of PSS is as long as the hash (RFC 7518 3.5).
 */
function parametersOf(algorithm: string): object {
  if (algorithm.startsWith('ES')) return { dsaEncoding: 'ieee-p1363' };
  if (!algorithm.startsWith('PS')) return {};
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}
