// Whether what passes without Sallyport passes with it. Types: comparison.d.ts

/** A check of our own, beside those of the suite: whether every call of the client was answered. */
const FINISHED = 'every call of the client was answered';

/** @returns the checks of a verdict, with ours */
function checksOf({ checks, isFinished }) {
  if (isFinished === undefined) return checks;
  return new Map([...checks, [FINISHED, { isGood: isFinished, text: 'the client gave up' }]]);
}

export function compared(without, withUs, known) {
  const rows = Array.from(without, ([name, verdict]) => {
    const faults = [...breachesOf(checksOf(verdict), withUs.get(name)), ...faultsOfList(name, verdict, known)];
    return { name, wrong: faults.join('\n') };
  });
  const unknown = Object.keys(known).filter((name) => !without.has(name));
  return [...rows, ...unknown.map((name) => ({ name, wrong: 'known to fail, but the suite has no such scenario' }))];
}

function breachesOf(checks, verdict) {
  if (verdict === undefined) return ['did not run with us'];
  const ours = checksOf(verdict);
  return Array.from(checks)
    .filter(([id, { isGood }]) => isGood && ours.get(id)?.isGood !== true)
    .map(([id]) => `breach: ${id} passes without us, and with us: ${ours.get(id)?.text ?? 'was not reached'}`);
}

/** The list says what fails without us, no more and no less. */
function faultsOfList(name, { checks }, known) {
  const failing = Array.from(checks).filter(([, { isGood }]) => !isGood);
  if (failing.length === 0) return name in known ? ['known to fail without us, but passes: take it off the list'] : [];
  return name in known ? [] : failing.map(([id, { text }]) => `fails without us, too: ${id}: ${text}`);
}
