import { type DecisionListener, guard } from '@sallyport/core';
import { builtInHandlers } from '@sallyport/handlers/kinds';

/** Refuses employees who are off duty. All other callers pass. */
const onDuty = guard('onDuty', ({ claims }) => claims['onDuty'] !== false);

/** The kinds that `security.yaml` names, apart from the badges. */
export const kinds = { ...builtInHandlers, onDuty: { guard: () => onDuty } };

export const logDecision: DecisionListener = ({ operation, outcome, reason, steps }) => {
  const handlers = steps.map(({ handler, verdict }) => `${handler}:${verdict}`).join(',');
  console.log(JSON.stringify({ operation, outcome, reason, handlers }));
};
