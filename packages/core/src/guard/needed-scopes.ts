/** The scopes that a guard or a requirement needs, as clients are told of them. */
export interface NeededScopes {
  /** What a client should ask its authorization server for: enough to pass. May be empty. */
  readonly asked: readonly string[];
  /** Every scope that is named: `asked`, and those that would do instead. */
  readonly known: readonly string[];
  /** The name of the handler whose proof has to carry them. Default: whichever proof carries scopes. */
  readonly of?: string | undefined;
}

/** Of several alternatives, clients are told to ask for the first that needs scopes. */
export function firstAsked(alternatives: readonly (readonly NeededScopes[])[]): readonly NeededScopes[] {
  const first = alternatives.findIndex((needs) => needs.some(({ asked }) => asked.length > 0));
  return alternatives.flatMap((needs, index) => (index === first ? needs : needs.map(notAsked)));
}

/** Scopes that are known and not asked for: those of an alternative that clients are not sent to. */
export function notAsked(needs: NeededScopes): NeededScopes {
  return { ...needs, asked: [] };
}
