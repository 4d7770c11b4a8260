import { expectRule, shown } from '../rule.js';
import { expectAnswer, type Mounting, mounted, type Subject, sending } from './adapter-under-test.js';

const PATH = '/.well-known/oauth-protected-resource/orders';
const MOUNTING: Mounting = { chain: { resource: { identifier: 'https://api.example/orders' } } };

export async function publishesTheMetadata(subject: Subject): Promise<void> {
  await mounted(
    subject,
    async ({ ask, chain }) => {
      const body = chain.published('GET', PATH)?.body ?? '';
      for (const target of [PATH, `${PATH}?a=b`, '/.well-known/oauth-protected-resource']) {
        expectAnswer(await ask({ target }), 200, body, target);
      }
      const again = await ask({ target: PATH, lines: ['X-Forwarded-Host: x.example', ...sending('bad')] });
      expectAnswer(again, 200, body, 'with a bad token');
      const { lines } = again;
      const isOpen =
        lines.includes('access-control-allow-origin: *') && lines.includes('content-type: application/json');
      expectRule(isOpen, `the lines of the metadata are not those of the chain: ${shown(lines.join(' | '))}`);
      const preflight = ['Origin: https://pages.example', 'Access-Control-Request-Method: GET'];
      for (const allowed of [{ method: 'HEAD' }, { method: 'OPTIONS', lines: preflight }]) {
        const { status } = await ask({ target: PATH, ...allowed });
        expectRule(status === 200, `${allowed.method} of the metadata got ${status}`);
      }
      for (const [other, expected] of [
        [{ target: PATH, method: 'POST', body: 'x' }, 405],
        [{ target: `${PATH}/` }, 401],
        [{ target: '/.well-known/openid-configuration' }, 401],
      ] as const) {
        const { status } = await ask(other);
        expectRule(status === expected, `${JSON.stringify(other)} got ${status}, not ${expected}`);
      }
    },
    MOUNTING,
  );
}
