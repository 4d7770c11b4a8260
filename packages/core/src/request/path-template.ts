import { ConfigurationError, MisuseError } from '../errors/errors.js';
import { TemplateSegment } from './template-segment.js';

/** Values of path parameters, decoded, by the names in the template. */
export type PathParameters = Readonly<Record<string, string>>;

/**
 * The segments of a path template (OpenAPI 3.0.4 4.8.8): literal text with parameters in braces. A template that ends
 * with a slash has an empty one at its end. Segments that are written alike are one object, also those of `known`.
 * @throws {ConfigurationError} ERR_SALLYPORT_CONTRACT_INVALID
 */
export function templateSegments(
  template: string,
  known = new Map<string, TemplateSegment>(),
): readonly TemplateSegment[] {
  if (!template.startsWith('/')) throw invalidTemplate(template, 'it does not begin with a slash');
  const texts = template.slice(1).split('/');
  const segments = texts.map((text) => {
    const segment = known.get(text) ?? segmentOf(text, template);
    known.set(text, segment);
    return segment;
  });
  const names = segments.flatMap((segment) => segment.names);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw invalidTemplate(template, `it names the parameter ${twice} twice`);
  return segments;
}

/** Whether some path matches both templates, as a router reads it that ignores case and a slash at the end. */
export function overlap(segments: readonly TemplateSegment[], others: readonly TemplateSegment[]): boolean {
  const [mine, theirs] = [withoutSlash(segments), withoutSlash(others)];
  return (
    mine.length === theirs.length && mine.every((segment, index) => segment.overlaps(theirs[index] as TemplateSegment))
  );
}

/** The segments without the empty one of a slash at the end, which many routers ignore. */
export function withoutSlash<Segment extends TemplateSegment | string>(
  segments: readonly Segment[],
): readonly Segment[] {
  const last = segments.at(-1);
  return last === '' || (last instanceof TemplateSegment && last.isEmpty) ? segments.slice(0, -1) : segments;
}

/**
 * The values of the parameters of a path that the template matches, in whatever case and with a slash at the end or not.
 * @throws {AmbiguousPathError} for a path of which routers could read other values
 * @throws {MisuseError} for a path that the template does not match
 */
export function pathParametersOf(template: string, path: string): PathParameters {
  const segments = withoutSlash(templateSegments(template));
  const sent = withoutSlash(path.slice(1).split('/'));
  const parameters: Record<string, string> = Object.create(null);
  const values = segments.map((segment, index) => segment.valuesIn(sent[index] ?? ''));
  if (sent.length !== segments.length || values.includes(undefined)) {
    throw new MisuseError(`the path of the request has not the form of its operation, ${template}`);
  }
  for (const [index, { names }] of segments.entries()) {
    for (const [number, name] of names.entries()) parameters[name] = values[index]?.[number] as string;
  }
  return Object.freeze(parameters);
}

/** What is in braces may be any text; what stands around it, and the name, are checked on their own. */
const SEGMENT = /^[^{}]*(?:\{[^{}]+\}[^{}]*)*$/;
/** Other languages of templates write parameters of several segments so (RFC 6570 3.2.3, 3.2.6). */
const SPANNING = /^[+/*]|[+*]$/;

/** A segment in which nothing can be wrong, as most are: a word, or a parameter whose name is one. */
const PLAIN = /^(?:[\w~-]+|\{\w+\})$/;

function segmentOf(text: string, template: string): TemplateSegment {
  const wrong = PLAIN.test(text) ? undefined : oddityOf(text);
  if (wrong !== undefined) throw invalidTemplate(template, wrong);
  const parts = text.split(/\{([^{}]+)\}/);
  try {
    return new TemplateSegment(
      parts.filter((_, index) => index % 2 === 0),
      parts.filter((_, index) => index % 2 === 1),
    );
  } catch {
    throw invalidTemplate(template, 'its percent-encoding cannot be read');
  }
}

/**
 * Dot segments are refused, because routers remove them and the request firewall refuses them. So are encoded braces,
 * which would look like a parameter once they are decoded.
 */
function oddityOf(text: string): string | undefined {
  if (!SEGMENT.test(text) || /%7[bd]/i.test(text)) return 'its braces do not enclose the name of a parameter';
  if (text.includes('}{')) return 'nothing stands between two of its parameters';
  const names = Array.from(text.matchAll(/\{([^{}]+)\}/g), ([, name]) => name as string);
  if (names.some((name) => SPANNING.test(name))) return 'a parameter is a part of one segment, and never several';
  const literal = text.replace(/\{[^{}]+\}/g, '{}');
  if (/^(?:\.|%2e){1,2}$/i.test(literal)) return 'it has a dot segment';
  if (/[*?#]|%2a/i.test(literal)) return 'it has *, ? or # outside of braces';
  if (literal.startsWith(':')) return 'a parameter is written in braces, not behind a colon';
  return undefined;
}

function invalidTemplate(template: string, why: string): ConfigurationError {
  return new ConfigurationError('ERR_SALLYPORT_CONTRACT_INVALID', `${template} is not a path template: ${why}`);
}
