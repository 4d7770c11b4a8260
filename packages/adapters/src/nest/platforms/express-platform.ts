import type { Decider } from '@sallyport/core';
import type { Application, NextFunction, Request, Response } from 'express';
import type { Ask, Platform, PlatformOptions } from './platform.js';

export async function expressPlatform(
  application: Application,
  chain: Decider,
  options: PlatformOptions,
): Promise<Platform> {
  // By its name, and only where Nest runs on it: the build of that door stays one file.
  const { expressSecurity } = await import('@sallyport/adapters/express');
  const secure = expressSecurity(chain, options);
  return {
    secure: (demands) => secure(...demands) as Ask,
    standBehind() {
      const ask = secure();
      application.use(ask);
      // The router itself refuses what it cannot decode, before any guard is asked.
      application.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
        if (error instanceof URIError) ask(request, response, () => next(error));
        else next(error);
      });
    },
  };
}
