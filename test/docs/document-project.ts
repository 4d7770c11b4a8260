import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, InstalledProject } from '../support/installed-project.js';

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

/** What a reader has who copied every block of some documents into an empty project with the packages installed. */
export class DocumentProject {
  readonly folder: string;
  readonly #project: InstalledProject;

  /** `replacements` stand in for what only a reader has: an authorization server's address, say. */
  static async open(
    documents: string | readonly string[],
    replacements: Readonly<Record<string, string>> = {},
  ): Promise<DocumentProject> {
    const project = await InstalledProject.install();
    project.write('package.json', JSON.stringify({ type: 'module' }));
    project.write('tsconfig.json', JSON.stringify(SETTINGS));
    for (const { file, code } of [documents].flat().flatMap(blocksOf)) {
      if (file === undefined) continue;
      project.write(
        file,
        Object.entries(replacements).reduce((text, [from, to]) => text.replaceAll(from, to), code),
      );
    }
    return new DocumentProject(project);
  }

  private constructor(project: InstalledProject) {
    this.#project = project;
    this.folder = project.folder;
  }

  write(file: string, content: string): void {
    this.#project.write(file, content);
  }

  /** Compiles under `strict`; what the compiler complains about, or nothing. */
  compile(): Promise<string> {
    return this.#project.run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.']).catch(String);
  }

  /** Runs Node in the project; what it printed. */
  node(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.#project.run(process.execPath, args, env);
  }

  /** Runs Node in the project; how it ended, also when it failed. */
  ended(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.#project.ended(process.execPath, args, env);
  }

  remove(): void {
    this.#project.remove();
  }
}
