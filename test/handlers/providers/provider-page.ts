import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import type { IssuerResolverOptions, TrustedIssuer } from '@sallyport/handlers/jwt';
import { transformSync } from '@swc/core';
import { blocksOf } from '../../docs/document-project.js';

const FOLDER = 'docs/providers';

/** The pages of providers, without the index. */
export const PAGES: readonly string[] = readdirSync(join(__dirname, '../../..', FOLDER))
  .filter((file) => file.endsWith('.md') && file !== 'README.md')
  .map((file) => file.replace('.md', ''))
  .sort();

export const pageOf = (provider: string): string => `${FOLDER}/${provider}.md`;

/** What the code of a page exports. */
export interface ProviderPage {
  readonly issuer?: TrustedIssuer;
  /** Finds the issuers of many tenants. */
  readonly resolver?: IssuerResolverOptions;
  /** The server that is asked about tokens. */
  readonly server?: Omit<IntrospectionHandlerOptions, 'realm' | 'clientAuthentication'>;
}

/** Runs the code of a page as it stands there. */
export function openPage(provider: string): ProviderPage {
  const block = blocksOf(pageOf(provider)).find(({ language }) => language === 'ts');
  if (block === undefined) throw new Error(`${pageOf(provider)} has no code`);
  const { code } = transformSync(block.code, {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  const exported = {};
  new Function('require', 'exports', code)(require, exported);
  return exported as ProviderPage;
}

/** The configuration file of a page; undefined where it has none. */
export function fileOf(provider: string): string | undefined {
  return blocksOf(pageOf(provider)).find(({ language }) => language === 'yaml')?.code;
}
