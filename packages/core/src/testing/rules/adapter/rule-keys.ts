import type { SecurityHandler } from '../../../handler/handler.js';
import { headerHandler } from '../../../handler/header-handler.js';
import { denied } from '../../../verdict/verdict.js';

const SUBJECT = 'key-holder';

/** What a route requires besides the tokens: the key `good`, in a header of its own. */
export function ruleKeys(): SecurityHandler {
  const verify = (key: string) => (key === 'good' ? { subject: SUBJECT } : denied('key_unknown'));
  return headerHandler({ name: 'rule-keys', header: 'X-Rule-Key', verify });
}
