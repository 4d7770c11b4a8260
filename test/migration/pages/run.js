// Writes the blocks of the pages into a folder, compiles them, and asks every server that they hold, before, after and
// during the move. Run in a project where the packages are installed:
// node pages/run.js <folder of the pages> [--after]
// With --after only the servers after the move are asked, and only of pages that need none of the packages they came from.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Authority, TOKEN_REQUEST } from './authority.js';
import { blocksOfPages } from './blocks.js';

const HERE = import.meta.dirname;
const OUT = join(HERE, 'out');
const SPEC = join(HERE, 'all.spec.js');
const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
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
/** 48 bytes: RFC 7518 3.2 wants 32 of HS256. */
const SECRET = 'of this test alone, and long enough for HS256 ...';

const [pages, only] = process.argv.slice(2);
const isAfterOnly = only === '--after';

const NEW = /\/(?:security|users|look-first|two-kinds|after)\.ts$/;

/** Blocks that can be compiled where the packages of the old world are not installed. */
function isNew(file, code) {
  return NEW.test(file) && !/from '(?:@nestjs\/|jsonwebtoken')/.test(code);
}

/** Runs Node on this, while this process answers as the authority. True if it ended well. */
async function ran(args, env = {}) {
  const child = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  const [code] = await once(child, 'exit');
  return code === 0;
}

/** Each page apart: the old packages declare `request.auth` and `request.user`, each in its own way. */
async function areCompiled() {
  const folders = readdirSync(OUT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of isAfterOnly ? [{ name: '' }] : folders) {
    const folder = join(OUT, name);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(SETTINGS));
    if (!(await ran([TSC, '-p', folder]))) return false;
  }
  return true;
}

function write(authority) {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT);
  const replacements = Object.entries({ ...authority.addresses, 3000: '0' });
  for (const [file, code] of blocksOfPages(pages)) {
    if (isAfterOnly && !isNew(file, code)) continue;
    mkdirSync(join(OUT, dirname(file)), { recursive: true });
    writeFileSync(
      join(OUT, file),
      replacements.reduce((text, [from, to]) => text.replaceAll(from, to), code),
    );
  }
  writeFileSync(join(OUT, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(OUT, 'authority.pem'), authority.certificate);
}

const authority = await Authority.start();
try {
  write(authority);
  const env = {
    JWT_SECRET: SECRET,
    NODE_EXTRA_CA_CERTS: join(OUT, 'authority.pem'),
    NODE_NO_WARNINGS: '1',
    // Express then prints no errors of the application.
    NODE_ENV: 'test',
    PAGES_FOLDER: pages,
    PAGES_STAGES: isAfterOnly ? 'after' : 'before after side-by-side',
    PAGES_TOKEN_ENDPOINT: `${authority.origin}/token`,
    PAGES_TOKEN_REQUEST: new URLSearchParams(TOKEN_REQUEST).toString(),
    PAGES_TOKENS: JSON.stringify(await authority.tokens()),
  };
  const isRight = (await areCompiled()) && (await ran(['--test-reporter=tap', SPEC], env));
  process.exitCode = isRight ? 0 : 1;
} finally {
  await authority.close();
}
