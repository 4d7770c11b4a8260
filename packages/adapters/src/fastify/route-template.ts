/** `:name`, and nothing else in its segment: what has a counterpart in an OpenAPI path template. */
const PARAMETER = /^:([A-Za-z_][A-Za-z0-9_-]*)$/;

/**
 * The OpenAPI template of a Fastify route: `/pets/:petId` is `/pets/{petId}`. Undefined for wildcards, optional,
 * regular-expression and compound parameters, which an OpenAPI template cannot say.
 */
export function templateOf(url: string): string | undefined {
  const segments = url.split('/').map((segment) => segment.replace(PARAMETER, '{$1}'));
  return segments.some((segment) => /[:*?()]/.test(segment)) ? undefined : segments.join('/');
}
