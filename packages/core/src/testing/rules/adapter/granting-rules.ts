import { optional } from '../../../requirement/optional.js';
import { expectRule, shown } from '../rule.js';
import { expectAnswer, mounted, type Subject, sending } from './adapter-under-test.js';
import { RuleTokens } from './rule-tokens.js';

const WHEN = ['now', 'later'] as const;

export async function attachesThePrincipal(subject: Subject): Promise<void> {
  await mounted(subject, async ({ ask }) => {
    for (const when of WHEN) {
      const answer = await ask({ lines: sending(`${when}.alice`) });
      expectAnswer(answer, 200, 'GET by alice', `a request that is granted ${when}`);
    }
  });
}

export async function makesNobodyAUser(subject: Subject): Promise<void> {
  const tokens = new RuleTokens();
  const options = { tokens, chain: { requirement: optional(tokens) } };
  await mounted(
    subject,
    async ({ ask }) => expectAnswer(await ask({}), 200, 'GET by nobody', 'a caller without credentials'),
    options,
  );
}

export async function addsGuardsOfRoutes(subject: Subject): Promise<void> {
  await mounted(subject, async ({ ask }) => {
    for (const when of WHEN) {
      const lines = sending(`${when}.bob`);
      expectAnswer(await ask({ lines }), 200, 'GET by bob', `elsewhere, ${when}`);
      const { status } = await ask({ target: '/orders', lines });
      expectRule(status === 403, `/orders, ${when}: who lacks the scope of its guard got ${status}, not 403`);
      const letIn = await ask({ target: '/orders', lines: sending(`${when}.alice`) });
      expectAnswer(letIn, 200, 'GET by alice', `/orders, ${when}`);
    }
  });
}

export async function addsRequirementsOfRoutes(subject: Subject): Promise<void> {
  await mounted(subject, async ({ ask, tokens }) => {
    const target = '/keys';
    const key = 'X-Rule-Key: good';
    for (const when of WHEN) {
      const token = sending(`${when}.alice`);
      for (const [what, lines] of [
        ['who lacks what the route requires', token],
        ['who has a wrong key', [...token, 'X-Rule-Key: bad']],
        ['who has only what the route requires', [key]],
      ] as const) {
        const { status } = await ask({ target, lines });
        expectRule(status === 401, `/keys, ${when}: ${what} got ${status}, not 401`);
      }
      const before = tokens.verified;
      expectAnswer(await ask({ target, lines: [...token, key] }), 200, 'GET by alice', `/keys, ${when}`);
      expectRule(tokens.verified === before + 1, `/keys, ${when}: the token was verified again for the route`);
    }
  });
}

export async function verifiesOnce(subject: Subject): Promise<void> {
  await mounted(subject, async ({ ask, tokens }) => {
    await ask({ target: '/orders', lines: sending('later.alice') });
    expectRule(tokens.verified === 1, `a request that two guards looked at was verified ${tokens.verified} times`);
  });
}

export async function writesHeadersOfGrants(subject: Subject): Promise<void> {
  await mounted(subject, async ({ ask }) => {
    const { lines } = await ask({ lines: sending('nonce.alice') });
    const isThere = lines.includes('dpop-nonce: n-1');
    expectRule(
      isThere,
      `the header line of a granted decision was not on the answer, whose lines are ${lines.join(' | ')}`,
    );
  });
}

export async function readsNoBody(subject: Subject): Promise<void> {
  await mounted(subject, async ({ ask }) => {
    const body = 'x'.repeat(100_000);
    for (const when of WHEN) {
      const lines = [...sending(`${when}.alice`), 'Content-Type: text/plain'];
      const answer = await ask({ method: 'POST', target: '/echo', lines, body });
      const isWhole = answer.body.startsWith('POST by alice with 100000 bytes');
      expectRule(
        isWhole,
        `a body behind what is granted ${when} did not reach the application whole: ${shown(answer.body)}`,
      );
    }
  });
}

export async function leavesErrorsToTheFramework(subject: Subject): Promise<void> {
  await mounted(subject, async ({ ask, tokens }) => {
    for (const when of WHEN) {
      const { status, lines } = await ask({ target: '/fails', lines: sending(`${when}.alice`) });
      const isDenial = lines.some((line) => line.startsWith('content-type: application/problem+json'));
      expectRule(
        status === 500 && !isDenial,
        `an error of the application, ${when}: it became ${isDenial ? 'a refusal' : 'an answer'} with status ${status}, not 500`,
      );
    }
    const { verified } = tokens;
    expectRule(
      verified === WHEN.length,
      `${WHEN.length} requests that failed in the application were verified ${verified} times`,
    );
  });
}

export async function letsPreflightsThrough(subject: Subject): Promise<void> {
  const preflight = ['Origin: https://a.example', 'Access-Control-Request-Method: PUT'];
  await mounted(subject, async ({ ask }) => {
    const { status } = await ask({ method: 'OPTIONS', lines: preflight });
    expectRule(status === 401, `a preflight without the option got ${status}, not 401`);
  });
  await mounted(
    subject,
    async ({ ask }) => {
      const answer = await ask({ method: 'OPTIONS', lines: preflight });
      expectAnswer(answer, 200, 'OPTIONS by nobody', 'a preflight with allowPreflight');
      const { status } = await ask({ method: 'OPTIONS', lines: [...preflight, ...sending('bad')] });
      expectRule(status === 401, `a preflight with credentials, which no browser sends, got ${status}, not 401`);
    },
    { options: { allowPreflight: true } },
  );
}
