import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createPrincipal, headerHandler } from '@sallyport/core';
import { alternativesOf } from '@sallyport/core/extend';
import { ContractError, openApi } from '@sallyport/openapi';

type Security = readonly Readonly<Record<string, readonly string[]>>[];
interface Operation {
  readonly operationId?: string;
  readonly security?: Security;
}
interface Definition {
  readonly openapi: string;
  readonly security?: Security;
  readonly components: { readonly securitySchemes: Readonly<Record<string, object>> };
  readonly paths: Readonly<Record<string, { readonly $ref?: string } & Readonly<Record<string, Operation>>>>;
}

const VECTORS = join(__dirname, '../../vectors/openapi-directory.json');
const { definitions } = JSON.parse(readFileSync(VECTORS, 'utf8')) as {
  readonly definitions: readonly { readonly source: string; readonly definition: Definition }[];
};

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/** What the definition says, read without the compiler: of each operation, its alternatives with the scopes of each scheme. */
function declaredIn({ paths, security }: Definition): readonly (readonly [line: string, needs: readonly string[]])[] {
  return Object.entries(paths).flatMap(([template, item]) => {
    const target = item.$ref?.replace('#/paths/', '').replaceAll('~1', '/').replaceAll('~0', '~');
    const operations = target === undefined ? item : (paths[decodeURIComponent(target)] ?? {});
    return METHODS.flatMap((method) => {
      const operation = operations[method];
      if (operation === undefined) return [];
      const needs = (operation.security ?? security ?? []).map((alternative) =>
        Object.entries(alternative)
          .map(([scheme, scopes]) => `${scheme}[${[...new Set(scopes)].toSorted()}]`)
          .toSorted()
          .join(' '),
      );
      return [[`${method.toUpperCase()} ${template}`, needs.length === 0 ? [''] : needs] as const];
    });
  });
}

async function compiledOf(definition: Definition) {
  const schemes = Object.keys(definition.components.securitySchemes).map((name, index) => {
    const verify = () => createPrincipal({ subject: 'alice' });
    return [name, headerHandler({ name, header: `X-Scheme-${index}`, verify })] as const;
  });
  const undeclared = Object.values(definition.paths).flatMap((item) =>
    METHODS.map((method) => item[method]).filter((operation) => operation && !operation.security),
  );
  const open = definition.security ? [] : undeclared.flatMap((operation) => operation?.operationId ?? []);
  const options = { schemes: Object.fromEntries(schemes), open, basePath: '/', doubts: () => {} };
  const { operations } = await openApi(JSON.stringify(definition), options);
  return operations.map(({ method, template, requirement }) => {
    const ways = requirement === undefined ? [] : alternativesOf(requirement);
    const needs = ways.map(({ handlers, scopes }) =>
      handlers
        .map((handler) => {
          const asked = scopes.filter(({ by }) => by.includes(handler)).flatMap((rule) => rule.scopes);
          return `${handler.name}[${asked.toSorted()}]`;
        })
        .toSorted()
        .join(' '),
    );
    return [`${method} ${template}`, needs] as const;
  });
}

/** What of these definitions cannot be enforced as it stands. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'amazonaws.com/dlm.json': /\/tags\/\{resourceArn\}#tagKeys is not a path template/,
  'nbg.gr.json': /operation GET \/accounts needs the scope .* which is none \(RFC 6749 3\.3\)/,
};

describe('definitions of openapi-directory, chosen for their odd shapes', () => {
  test('are twenty that compile, and two that cannot be meant', () => {
    expect(definitions).toHaveLength(22);
    expect(Object.keys(REFUSED)).toHaveLength(2);
  });

  test.each(definitions)(
    '$source: every operation needs the schemes and scopes that it declares, or none compiles',
    async (row) => {
      const { source, definition } = row;
      const refusal = REFUSED[source];
      const compiled = compiledOf(definition);
      if (refusal !== undefined) {
        await expect(compiled).rejects.toBeInstanceOf(ContractError);
        await expect(compiled).rejects.toThrow(refusal);
        return;
      }
      expect(new Map(await compiled)).toEqual(new Map(declaredIn(definition)));
      expect(await compiled).toHaveLength(declaredIn(definition).length);
    },
  );
});
