import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RawAnswer } from '../adapters/raw-client.js';

const FOLDER = join(__dirname, '../vectors/requests');

/** One request of the corpus, and what every server has to answer. One character is one byte. */
export interface CorpusRow {
  /** A rule, with the section of the RFC that has it. */
  readonly title: string;
  /** Default `GET`. */
  readonly method?: string;
  /** Default `/`. */
  readonly target?: string;
  /** Header lines besides Host. `{{a*8192}}` stands for 8192 times `a`. */
  readonly lines?: readonly string[];
  readonly body?: string;
  /** The name of a golden answer; `granted`; `server`: the server refuses before any adapter is asked; `reset`: it gives no answer. */
  readonly answer: string;
  /** The golden answer where nothing decides before the route. */
  readonly inRoute?: string;
  /** Who is let in. */
  readonly by?: string;
  /** What the application has to say besides. */
  readonly text?: string;
  /** Header lines that the granted answer has. */
  readonly extra?: readonly string[];
  /** The status that the server itself answers. */
  readonly status?: number;
  /** Servers that refuse this before they ask the adapter, with their status. */
  readonly server?: Readonly<Record<string, number>>;
  /** What HTTP/2 makes of it, where that is something else: its server drops fields, or resets the stream. */
  readonly h2?: Pick<CorpusRow, 'answer' | 'by' | 'status'>;
}

/** A refusal, byte for byte, but for the lines that servers add to every answer. */
export interface GoldenAnswer {
  readonly statusLine: string;
  readonly lines: readonly string[];
  readonly body: string;
}

function read<Content>(file: string): Content {
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
}

export const CORPUS: readonly CorpusRow[] = read<CorpusRow[]>('corpus.json').map((row) => ({
  ...row,
  ...(row.target && { target: expanded(row.target) }),
  ...(row.lines && { lines: row.lines.map(expanded) }),
}));
export const GOLDEN: Readonly<Record<string, GoldenAnswer>> = read('answers.json');

function expanded(text: string): string {
  return text.replace(/\{\{([^*]*)\*(\d+)\}\}/g, (_, part: string, times: string) => part.repeat(Number(times)));
}

/** The answer without what servers add by themselves, and without the one thing that is random. */
export function comparable({ statusLine, lines, body }: RawAnswer): GoldenAnswer {
  return {
    statusLine,
    lines: lines.filter((line) => !/^(?:date|connection|keep-alive):/i.test(line)),
    body: body.replace(/("correlationId":")[0-9a-f-]{36}"/, '$1(a UUID)"'),
  };
}
