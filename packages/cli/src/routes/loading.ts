import { createRequire } from 'node:module';
import { watchExpressApplication, watchExpressRouter } from './express-mounts.js';
import { watchKoaCompose, watchKoaMount } from './koa-mounts.js';

/** A CommonJS module that has just run. */
interface LoadedModule {
  exports: unknown;
}

/**
 * What to do with which module. Packages may be installed under other names, so a module is known by its file and by
 * what it exports. Every copy that an application loads is watched.
 */
const WATCHED: readonly (readonly [file: RegExp, watch: (exported: unknown) => unknown])[] = [
  [/[\\/]lib[\\/]application\.js$/, watchExpressApplication],
  [/[\\/]index\.js$/, watchExpressRouter],
  [/[\\/]koa-mount[\\/].*index\.js$/, watchKoaMount],
  [/[\\/]koa-compose[\\/]index\.js$/, watchKoaCompose],
];

/** Watches from now on what frameworks mount where. Call it before the application is loaded. */
export function watchMounts(): void {
  // Deprecated for compiling other languages; there is no other way that reaches Node 20 and every copy of a package.
  const { extensions } = createRequire(import.meta.url);
  const load = extensions['.js'] as (module: LoadedModule, file: string) => void;
  extensions['.js'] = (module: LoadedModule, file: string): void => {
    load(module, file);
    for (const [name, watch] of WATCHED) {
      if (!name.test(file)) continue;
      const { exports } = module;
      const watched = watch(exports);
      // Some modules let nobody set their exports.
      if (watched !== exports) module.exports = watched;
    }
  };
}
