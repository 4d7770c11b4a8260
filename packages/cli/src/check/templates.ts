import type { Spelling } from '../routes/live-route.js';

/** A template without the names of its parameters, decoded: `/pets/{id}` and `/pets/{petId}` are one path. */
function comparable(template: string): string {
  const unnamed = template.replace(/\{[^}]*\}/g, '{}');
  try {
    return decodeURI(unnamed);
  } catch {
    return unnamed;
  }
}

/** The template with a parameter for each segment that contains one: a router may write `/{id}.json` as a pattern. */
export function simplified(template: string): string {
  return template
    .split('/')
    .map((segment) => (segment.includes('{') ? '{}' : segment))
    .join('/');
}

/** The same for all templates that any router may take for the same. */
export function loosely(template: string): string {
  return withoutSlash(comparable(template).toLowerCase());
}

/** A template as the router of a route reads it. */
export function asRead({ ignoresCase, ignoresSlash }: Spelling, template: string): string {
  const cased = ignoresCase ? comparable(template).toLowerCase() : comparable(template);
  return ignoresSlash ? withoutSlash(cased) : cased;
}

/** Whether a template may lie below an open route, whose parameters match anything. */
export function reaches(start: string, template: string): boolean {
  const sent = loosely(template).split('/');
  return withoutSlash(loosely(start))
    .split('/')
    .every((segment, index) => segment === sent[index] || (segment.includes('{}') && sent[index] !== undefined));
}

function withoutSlash(path: string): string {
  return path.replace(/(?!^)\/$/, '');
}
