import type { PathPattern } from './live-route.js';

/**
 * How a router writes paths: `path-to-regexp` in Express 4 and 5 and in routers for Koa, of any version; `find-my-way` in
 * Fastify; and Hono.
 */
export type PathSyntax = 'path-to-regexp' | 'find-my-way' | 'hono';

const NOTHING: readonly PathPattern[] = [{ template: '', isOpen: false }];
const ANYTHING: PathPattern = { template: '', isOpen: true };
/** More than the optional parts of any sensible path come to. */
const MOST_PATTERNS = 64;

const PARAMETER = /([/.]?):(?:(\w+)|"((?:\\.|[^"\\])+)")/y;

/**
 * The patterns of a path. Each optional part doubles them: `/pets{/:petId}` is `/pets` and `/pets/{petId}`. What a
 * parameter may look like is left out, as in OpenAPI templates.
 */
export function patternsOf(path: unknown, syntax: PathSyntax): readonly PathPattern[] {
  if (Array.isArray(path)) return path.flatMap((each) => patternsOf(each, syntax));
  return typeof path === 'string' ? new PathReader(path, syntax).read() : [ANYTHING];
}

/** Every pattern of the first list with every one of the second behind it. Nothing follows where any path may follow. */
export function joined(heads: readonly PathPattern[], tails: readonly PathPattern[]): readonly PathPattern[] {
  const all = heads.flatMap((head) => {
    if (head.isOpen) return [head];
    return tails.map(({ template, isOpen }) => ({ template: head.template + template, isOpen }));
  });
  return all.length <= MOST_PATTERNS ? all : [ANYTHING];
}

/** The patterns of what is mounted, behind those of its mount: `/api` and `/` are `/api`. */
export function mounted(mounts: readonly PathPattern[], patterns: readonly PathPattern[]): readonly PathPattern[] {
  const heads = mounts.map((each) => (each.isOpen ? each : { ...each, template: each.template.replace(/\/$/, '') }));
  const below = joined(
    heads,
    patterns.map((each) => (each.template === '/' && !each.isOpen ? { ...each, template: '' } : each)),
  );
  return below.map((each) => (each.template === '' && !each.isOpen ? { ...each, template: '/' } : each));
}

/** The path of a route behind its mount, for people. */
export function toldPath(mounts: readonly PathPattern[], path: unknown): string {
  return `${(mounts[0]?.template ?? '').replace(/\/$/, '')}${path}`;
}

class PathReader {
  readonly #path: string;
  readonly #syntax: PathSyntax;
  #at = 0;

  constructor(path: string, syntax: PathSyntax) {
    this.#path = path;
    this.#syntax = syntax;
  }

  read(isGroup = false): readonly PathPattern[] {
    let patterns = NOTHING;
    while (this.#at < this.#path.length) {
      if (isGroup && this.#path[this.#at] === '}') break;
      patterns = joined(patterns, this.#next());
    }
    return patterns.map(({ template, isOpen }) => ({
      template: isOpen ? template.replace(/[^/]*$/, '') : template,
      isOpen,
    }));
  }

  #next(): readonly PathPattern[] {
    const parameter = this.#parameter();
    if (parameter !== undefined) return parameter;
    const character = this.#path[this.#at++] as string;
    const following = this.#path[this.#at];
    if (character === '\\' && following !== undefined) return this.#literal(this.#path[this.#at++] as string);
    if (character === ':' && following === ':' && this.#syntax === 'find-my-way') {
      this.#at += 1;
      return this.#literal(':');
    }
    if (character === '{' && this.#syntax === 'path-to-regexp') return this.#group();
    // `a?` of Express 4 makes a single letter optional, which no template can say.
    return /[*+?()]/.test(character) || following === '?' ? [ANYTHING] : this.#literal(character);
  }

  #literal(text: string): readonly PathPattern[] {
    return [{ template: text, isOpen: false }];
  }

  /** An optional group of path-to-regexp 8: `{/:petId}`. */
  #group(): readonly PathPattern[] {
    const inside = this.read(true);
    this.#at += 1;
    this.#skip(/\?/y);
    return [...NOTHING, ...inside];
  }

  /** `:name`, with the slash or dot in front of it, with its pattern and `?`, `*` or `+`. */
  #parameter(): readonly PathPattern[] | undefined {
    PARAMETER.lastIndex = this.#at;
    const [text = '', front = '', plain, quoted] = PARAMETER.exec(this.#path) ?? [];
    if (text === '') return undefined;
    this.#at += text.length;
    if (this.#syntax === 'hono') this.#skipPattern('{', '}');
    else this.#skipPattern('(', ')');
    const modifier = this.#skip(/[?*+]/y);
    const several = { template: front, isOpen: true };
    if (modifier === '+') return [several];
    if (modifier === '*') return [...NOTHING, several];
    const pattern = { template: `${front}{${plain ?? quoted}}`, isOpen: false };
    return modifier === '?' ? [...NOTHING, pattern] : [pattern];
  }

  #skip(expression: RegExp): string {
    expression.lastIndex = this.#at;
    const [text = ''] = expression.exec(this.#path) ?? [];
    this.#at += text.length;
    return text;
  }

  /** Skips the pattern of a parameter, with the brackets in it. */
  #skipPattern(opening: string, closing: string): void {
    if (this.#path[this.#at] !== opening) return;
    let depth = 0;
    do {
      const character = this.#path[this.#at++];
      if (character === '\\') this.#at += 1;
      else if (character === opening) depth += 1;
      else if (character === closing) depth -= 1;
    } while (depth > 0 && this.#at < this.#path.length);
  }
}
