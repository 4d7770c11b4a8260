/** Finds the other credential that a credential stands for, such as the token inside an encrypted one. */
export type CredentialOpener = (credential: string) => Promise<string | undefined>;

/** What the openers found. */
export interface OpenedCredentials {
  readonly credentials: readonly string[];
  /** False if one of them could not tell. */
  readonly isComplete: boolean;
}

/** The handlers that know other credentials which a credential stands for. */
export class CredentialOpeners {
  readonly #openers = new Set<CredentialOpener>();

  get isEmpty(): boolean {
    return this.#openers.size === 0;
  }

  /** Returns a function that takes the opener away. */
  add(open: CredentialOpener): () => void {
    this.#openers.add(open);
    return () => this.#openers.delete(open);
  }

  /** Asks all at once. If one cannot tell, what the others tell counts all the same. Never rejects. */
  async open(credential: string): Promise<OpenedCredentials> {
    const opened = await Promise.allSettled([...this.#openers].map((open) => open(credential)));
    const found = opened.flatMap((each) => (each.status === 'fulfilled' ? (each.value ?? []) : []));
    return { credentials: [...new Set(found)], isComplete: opened.every(({ status }) => status === 'fulfilled') };
  }
}
