import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type ChainStatistics, type Requirement, SecurityChain } from '@sallyport/core';
import { openApi } from '@sallyport/openapi';
import type { RequestHandler } from 'express';
import { analyticsPage, PAGE_POLICY } from './analytics-page.js';
import { wso2Format } from './wso2-error.js';

export const ANALYTICS_PAGE_PATH = '/analytics';
export const ANALYTICS_PATH = '/analytics.json';

const ANALYTICS_FILE = fileURLToPath(new URL('../analytics-api.yaml', import.meta.url));

/** The statistics have a contract of their own, so that their scope opens nothing else. */
export async function analyticsSecurity(tokens: Requirement, people: Requirement): Promise<SecurityChain> {
  return new SecurityChain({
    name: 'analytics',
    operations: await openApi(await readFile(ANALYTICS_FILE, 'utf8'), {
      schemes: { OAuth2Security: tokens, People: people },
    }),
    format: wso2Format,
  });
}

/** What nobody may keep: the page shows who uses the API, and how. */
const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' };

export function sendAnalytics(statistics: () => ChainStatistics): RequestHandler {
  return (_request, response) => {
    response.set(HEADERS).json(statistics());
  };
}

export function sendAnalyticsPage(statistics: () => ChainStatistics): RequestHandler {
  return (_request, response) => {
    response
      .set({ ...HEADERS, 'Content-Security-Policy': PAGE_POLICY })
      .type('html')
      .send(analyticsPage(statistics()));
  };
}
