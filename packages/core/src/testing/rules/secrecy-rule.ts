import { inspect } from 'node:util';
import { SecurityChain } from '../../chain/chain.js';
import { sourceOf } from '../../handler/credential-source.js';
import type { SecurityHandler } from '../../handler/handler.js';
import type { ManualClock } from '../manual-clock.js';
import { begin, withHandler } from './call-result.js';
import { answeredCases, expectNoSecret, requestOf, type Subject, secretsOf } from './handler-cases.js';
import { expectRule } from './rule.js';
import { printedBy } from './side-effects.js';

const EVERYTHING = { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null };

/**
 * Looks for credentials in everything that a handler makes visible: decisions, events, errors, output and the handler
 * itself.
 */
export async function tellsNoSecret(subject: Subject): Promise<void> {
  const secrets = secretsOf(subject.cases);
  const check = (place: string, text: string) => expectNoSecret(secrets, place, text);
  const lookAt = async (handler: SecurityHandler, clock: ManualClock) => {
    const isSent = sourceOf(handler).places.some(({ at }) => !at.startsWith('tls:'));
    expectRule(
      secrets.length > 0 || !isSent,
      'no credential of the cases has 8 characters, so that none can be found in what is shown; list those of the ' +
        'request line under `secrets`',
    );
    const chain = new SecurityChain({ requirement: handler }, { clock });
    for (const { label, parts } of answeredCases(subject.cases)) {
      const printed = await printedBy(async () => {
        const { decision, event } = await chain.explain(requestOf(parts));
        check(`${label}: the event`, JSON.stringify(event));
        check(`${label}: the decision`, inspect(decision, EVERYTHING));
        const result = await begin(handler, requestOf(parts)).settled;
        if (result.kind === 'threw') check(`${label}: the error`, inspect(result.error, EVERYTHING));
        if (result.kind === 'returned') check(`${label}: the verdict`, inspect(result.value, EVERYTHING));
      });
      check(`${label}: the output`, printed);
    }
    check('the handler itself', inspect(handler, EVERYTHING));
  };
  const printed = await printedBy(() => withHandler(subject, lookAt));
  check('the output of construction, start() or close()', printed);
}
