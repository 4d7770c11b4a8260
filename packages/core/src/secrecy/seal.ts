import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
/** The first half makes the key of one text, the second is its nonce: so one secret may seal any number of texts. */
const SALT_BYTES = 2 * NONCE_BYTES;
const TAG_BYTES = 16;

/**
 * Encrypts and authenticates texts that are stored where others can read and write (AES-256-GCM). A sealed text belongs to one
 * label, such as its storage key, and does not open under another. While a secret is replaced by another there are two: the
 * first seals, both open.
 */
export class Seal {
  readonly #keys: readonly Buffer[];

  constructor(secrets: readonly string[], purpose: string) {
    this.#keys = secrets.map((secret) => createHmac('sha256', secret).update(purpose).digest());
  }

  close(label: string, text: string): string {
    const salt = randomBytes(SALT_BYTES);
    const cipher = createCipheriv(CIPHER, keyOf(this.#keys[0] as Buffer, salt), nonceOf(salt)).setAAD(bound(label));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return Buffer.concat([salt, sealed]).toString('base64url');
  }

  /** The text; `undefined` when the text or its label was changed after sealing, or was sealed with another secret. */
  open(label: string, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    // Of the spellings of the same bytes only the one that was written.
    if (bytes.length < SALT_BYTES + TAG_BYTES || bytes.toString('base64url') !== sealed) return undefined;
    for (const key of this.#keys) {
      const text = opened(key, bound(label), bytes);
      if (text !== undefined) return text;
    }
    return undefined;
  }
}

function opened(key: Buffer, label: Buffer, bytes: Buffer): string | undefined {
  const salt = bytes.subarray(0, SALT_BYTES);
  const decipher = createDecipheriv(CIPHER, keyOf(key, salt), nonceOf(salt), { authTagLength: TAG_BYTES });
  decipher.setAAD(label).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(SALT_BYTES, -TAG_BYTES)), decipher.final()]).toString();
  } catch {
    return undefined;
  }
}

function keyOf(key: Buffer, salt: Buffer): Buffer {
  return createHmac('sha256', key).update(salt.subarray(0, NONCE_BYTES)).digest();
}

function nonceOf(salt: Buffer): Buffer {
  return salt.subarray(NONCE_BYTES);
}

/** What is authenticated together with a text. */
function bound(label: string): Buffer {
  return Buffer.from(label);
}
