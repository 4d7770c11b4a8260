import { SecurityChain } from '../../../chain/chain.js';
import { route, routes } from '../../../routes/route-table.js';
import { authenticated, denied, type Verdict } from '../../../verdict/verdict.js';
import { expectRule, shown } from '../rule.js';
import { expectAnswer, type Mounting, mounted, type Subject, sending } from './adapter-under-test.js';
import { ruleKeys } from './rule-keys.js';
import { principalNamed, RuleTokens } from './rule-tokens.js';

const LIMIT = 100_000;
const FORGED = 'forged';

/** Takes every body but one for signed. */
class RuleBodies extends RuleTokens {
  override readonly name = 'rule-bodies';

  verifyBody(token: string, body: Uint8Array): Verdict {
    const isForged = Buffer.from(body).toString() === FORGED;
    return isForged ? denied('body_forged') : authenticated(principalNamed(token.split('.')[1] as string));
  }
}

/** Only of POST requests to `/echo` the body is read. Upgrades have none. */
function echoing(): Mounting {
  const requirement = new RuleBodies();
  return { chain: { maxBodyBytes: LIMIT, operations: routes([route('POST', '/echo', { requirement })]) } };
}

const WHEN = ['now', 'later'] as const;

export async function readsBodiesThatAreProved(subject: Subject): Promise<void> {
  await mounted(
    subject,
    async ({ ask }) => {
      for (const when of WHEN) {
        const lines = [...sending(`${when}.alice`), 'Content-Type: text/plain'];
        const post = (body: string) => ask({ method: 'POST', target: '/echo', lines, body });
        for (const length of [1, LIMIT, 0]) {
          const answer = await post('x'.repeat(length));
          const isWhole = answer.body.startsWith(`POST by alice with ${length} bytes`);
          const what = `a body of ${length} bytes, proved ${when}, did not reach the application whole`;
          expectRule(answer.status === 200 && isWhole, `${what}: ${shown(answer.body)}`);
        }
        const { status } = await post(FORGED);
        expectRule(status === 401, `a forged body, ${when}: the status was ${status}, not 401`);
      }
    },
    echoing(),
  );
}

export async function refusesBodiesThatAreTooLarge(subject: Subject): Promise<void> {
  await mounted(
    subject,
    async ({ connect }) => {
      const wire = await connect();
      try {
        const body = 'x'.repeat(LIMIT + 1);
        const lines = sending('now.alice');
        const { status } = await wire.ask({ method: 'POST', target: '/echo', lines, body });
        expectRule(status === 413, `a body of ${body.length} bytes: the status was ${status}, not 413`);
        const next = await wire.ask({ lines: sending('later.bob') });
        expectAnswer(next, 200, 'GET by bob', 'the next request of its connection');
      } finally {
        wire.close();
      }
    },
    echoing(),
  );
}

/** Upgrades have no body: what comes behind the head is of the new protocol. */
export async function refusesBodiesOfUpgrades({ open }: Subject): Promise<void> {
  const chain = new SecurityChain({ requirement: new RuleBodies() });
  let told = 'it was taken';
  try {
    const server = await open(chain, {}, ruleKeys());
    await server.close();
  } catch (error) {
    told = String((error as { code?: unknown }).code);
  }
  const what = 'a chain that asks for the bodies of GET requests';
  expectRule(told === 'ERR_SALLYPORT_OPTION_INVALID', `${what} was not refused when it was mounted: ${told}`);
}
