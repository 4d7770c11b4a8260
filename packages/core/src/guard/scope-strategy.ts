/** How a granted scope may cover a required one. */
export type ScopeStrategy = 'exact' | 'hierarchic' | 'wildcard';

export const SCOPE_STRATEGIES = ['exact', 'hierarchic', 'wildcard'] as const satisfies readonly ScopeStrategy[];

export type Covers = (granted: string, required: string) => boolean;

/** Whether a granted scope covers a required one; `requireScopes` describes the strategies. */
export const COVERS: Readonly<Record<ScopeStrategy, Covers>> = {
  exact: (granted, required) => granted === required,
  hierarchic: (granted, required) =>
    granted === required || (required.startsWith(granted) && /[.:]/.test(required.charAt(granted.length))),
  wildcard: coversWithWildcard,
};

/** Separators are compared like segments: `files:*` does not cover `files.read`. */
function coversWithWildcard(granted: string, required: string): boolean {
  const pattern = granted.split(/([.:])/);
  const parts = required.split(/([.:])/);
  const endsOpen = pattern.at(-1) === '*' && parts.length > pattern.length;
  if (!endsOpen && pattern.length !== parts.length) return false;
  return pattern.every((part, index) => (part === '*' ? parts[index] !== '' : part === parts[index]));
}

/**
 * Whether the granted scopes cover all required ones. Loops by index: iterators of frozen lists are slow (bench:
 * chain).
 */
export function coversAll(granted: readonly string[], required: readonly string[], covers: Covers): boolean {
  for (let index = 0; index < required.length; index += 1) {
    if (!isCovered(required[index] as string, granted, covers)) return false;
  }
  return true;
}

/** Whether the granted scopes cover at least one of the required ones. */
export function coversSome(granted: readonly string[], required: readonly string[], covers: Covers): boolean {
  return required.some((scope) => isCovered(scope, granted, covers));
}

function isCovered(scope: string, granted: readonly string[], covers: Covers): boolean {
  for (let index = 0; index < granted.length; index += 1) {
    if (covers(granted[index] as string, scope)) return true;
  }
  return false;
}
