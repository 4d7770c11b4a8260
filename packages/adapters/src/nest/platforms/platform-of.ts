import type { AbstractHttpAdapter } from '@nestjs/core';
import type { Decider } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import { expressPlatform } from './express-platform.js';
import { fastifyPlatform } from './fastify-platform.js';
import type { Platform, PlatformOptions } from './platform.js';

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for another HTTP server than Express or Fastify */
export function platformOf(adapter: AbstractHttpAdapter, chain: Decider, options: PlatformOptions): Promise<Platform> {
  const type = adapter.getType();
  if (type === 'express') return expressPlatform(adapter.getInstance(), chain, options);
  if (type === 'fastify') return fastifyPlatform(adapter.getInstance(), chain, options);
  throw option.invalid('the platform', 'must be that of @nestjs/platform-express or @nestjs/platform-fastify');
}
