import type { BoundedResourceRow } from './bounded-resource.js';
import { INTROSPECTION_RESOURCES } from './introspection-resources.js';
import { PASSWORD_RESOURCES } from './password-resources.js';
import { TOKEN_RESOURCES } from './token-resources.js';

/** Whatever is bounded and can be asked for by strangers: one row each. */
export const ALL_RESOURCES: readonly BoundedResourceRow[] = [
  ...PASSWORD_RESOURCES,
  ...TOKEN_RESOURCES,
  ...INTROSPECTION_RESOURCES,
];
