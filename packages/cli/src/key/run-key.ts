import { systemClock } from '@sallyport/core/extend';
import type { ApiKeyRecord, ShownApiKey } from '@sallyport/handlers/api-key';
import type { Call } from '../command/command.js';
import { CommandError } from '../command/command-error.js';
import { ExitCode } from '../command/exit-code.js';
import type { Surroundings } from '../command/surroundings.js';
import { jsonText } from '../terminal/json-text.js';
import { withConfiguredKeys } from './configured-keys.js';
import { secondsOf } from './duration.js';
import type { KEY_CREATE_FLAGS, KEY_LIST_FLAGS, KEY_REVOKE_FLAGS, KEY_ROTATE_FLAGS } from './key-flags.js';
import { dateOf, listText, nameOf, toldOf } from './key-text.js';

export async function runKeyCreate({ flags, surroundings }: Call<typeof KEY_CREATE_FLAGS>): Promise<ExitCode> {
  const { subject, kind, label, client: clientId, scope: scopes, role: roles } = flags;
  const lifetime = flags['expires-in'];
  const grant = {
    ...{ subject, kind, label, clientId, scopes, roles },
    claims: claimsIn(flags.claims),
    expiresAt: lifetime === undefined ? undefined : now() + secondsOf(lifetime, '--expires-in'),
  };
  const made = await withConfiguredKeys(flags, surroundings, (keys) => keys.create(grant));
  const { record } = made;
  return show(made, `${nameOf(record)} ends ${dateOf(record.expiresAt, 'never')}`, flags, surroundings);
}

export async function runKeyRotate(call: Call<typeof KEY_ROTATE_FLAGS>): Promise<ExitCode> {
  const { flags, surroundings } = call;
  const [id = ''] = call.operands;
  const overlapSeconds = secondsOf(flags.overlap, '--overlap');
  const made = await withConfiguredKeys(flags, surroundings, (keys) => keys.rotate(id, { overlapSeconds }));
  if (made === undefined) throw new CommandError('there is no key of this id, or it was revoked');
  const [, old] = made.record.secrets;
  const end = old === undefined ? 'is no longer good' : `is good until ${dateOf(old.endsAt, 'for ever')}`;
  return show(made, `the old text of ${nameOf(made.record)} ${end}`, flags, surroundings);
}

export async function runKeyRevoke(call: Call<typeof KEY_REVOKE_FLAGS>): Promise<ExitCode> {
  const { flags, surroundings } = call;
  const [id = ''] = call.operands;
  const record = await withConfiguredKeys(flags, surroundings, (keys) => keys.revoke(id));
  if (record === undefined) throw new CommandError('there is no key of this id');
  const text = `${nameOf(record)} is revoked\n`;
  surroundings.stdout.write(flags.format === 'json' ? jsonText(toldOf(record, now())) : text);
  return ExitCode.Ok;
}

export async function runKeyList({ flags, surroundings }: Call<typeof KEY_LIST_FLAGS>): Promise<ExitCode> {
  const records = (await withConfiguredKeys(flags, surroundings, (keys) => keys.list())).toSorted(byAge);
  const told = records.map((record) => toldOf(record, now()));
  surroundings.stdout.write(flags.format === 'json' ? jsonText(told) : listText(records, now()));
  return ExitCode.Ok;
}

/** The key alone is on stdout, so that a shell can keep it. */
function show(
  { key, record }: ShownApiKey,
  known: string,
  { format }: { readonly format: string },
  { stdout, stderr }: Surroundings,
): ExitCode {
  if (format === 'json') {
    stdout.write(jsonText({ key: key.reveal(), ...toldOf(record, now()) }));
    return ExitCode.Ok;
  }
  stdout.write(`${key.reveal()}\n`);
  stderr.write(`${known}; it is shown this once\n`);
  return ExitCode.Ok;
}

function byAge(one: ApiKeyRecord, other: ApiKeyRecord): number {
  return one.createdAt - other.createdAt || one.id.localeCompare(other.id);
}

/** Errors do not quote it: a secret may stand there by mistake. */
function claimsIn(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(text);
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims))
      return claims as Record<string, unknown>;
  } catch {}
  throw new CommandError('the option --claims must be a JSON object');
}

function now(): number {
  return Math.floor(systemClock.now() / 1_000);
}
