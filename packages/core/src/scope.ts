/** How a granted scope may cover a required one. */
export type ScopeStrategy = 'exact' | 'hierarchic' | 'wildcard';

export const SCOPE_STRATEGIES = ['exact', 'hierarchic', 'wildcard'] as const satisfies readonly ScopeStrategy[];

const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** scope-token (RFC 6749 3.3): printable ASCII but space, quote and backslash. */
export function isScopeToken(value: unknown): value is string {
  return typeof value === 'string' && SCOPE_TOKEN.test(value);
}

/** Whether a granted scope covers a required one; `requireScopes` describes the strategies. */
export const COVERS: Readonly<Record<ScopeStrategy, (granted: string, required: string) => boolean>> = {
  exact: (granted, required) => granted === required,
  hierarchic: (granted, required) =>
    granted === required || (required.startsWith(granted) && /[.:]/.test(required.charAt(granted.length))),
  wildcard: coversWithWildcard,
};

/** Segments and the separators between them are compared alike: `files:*` does not cover `files.read`. */
function coversWithWildcard(granted: string, required: string): boolean {
  const pattern = granted.split(/([.:])/);
  const parts = required.split(/([.:])/);
  const endsOpen = pattern.at(-1) === '*' && parts.length > pattern.length;
  if (!endsOpen && pattern.length !== parts.length) return false;
  return pattern.every((part, index) => (part === '*' ? parts[index] !== '' : part === parts[index]));
}
