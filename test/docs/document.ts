import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../..');
const FENCE = /^```(\w+)\n(.*?)^```$/gms;
const FILE_NAME = /^(?:\/\/|#) ([\w./-]+)\n/;
const SETTINGS = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2023',
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    rootDir: '.',
  },
};

/** A fenced block of code; the file it is for stands in its first line, as a comment. */
export interface Block {
  readonly language: string;
  readonly file: string | undefined;
  readonly code: string;
}

export function blocksOf(document: string): readonly Block[] {
  const text = readFileSync(join(ROOT, document), 'utf8');
  return [...text.matchAll(FENCE)].map(([, language = '', code = '']) => {
    return { language, file: FILE_NAME.exec(code)?.[1], code };
  });
}

/** A project of its own that holds the files of a document, with this repository's packages installed. */
export class DocumentProject {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sallyport-docs-'));

  /** `replacements` stand in for what only a reader has: an authorization server's address, say. */
  constructor(document: string, replacements: Readonly<Record<string, string>> = {}) {
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
    this.write('package.json', JSON.stringify({ type: 'module' }));
    this.write('tsconfig.json', JSON.stringify(SETTINGS));
    for (const { file, code } of blocksOf(document)) {
      if (file === undefined) continue;
      const replaced = Object.entries(replacements).reduce((text, [from, to]) => text.replaceAll(from, to), code);
      this.write(file, replaced);
    }
  }

  write(file: string, content: string): void {
    writeFileSync(join(this.folder, file), content);
  }

  /** Compiles under `strict`; what the compiler complains about, or nothing. */
  async compile(): Promise<string> {
    const compiler = join(ROOT, 'node_modules/.bin/tsc');
    try {
      await promisify(execFile)(compiler, ['-p', this.folder], { cwd: this.folder });
      return '';
    } catch (error) {
      return String((error as { stdout?: unknown }).stdout ?? error);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
